// Swagger UI is dark where <html> has its class: by the person's choice, else by the system's.
const system = matchMedia("(prefers-color-scheme: dark)");
const { dataset, classList } = document.documentElement;

const show = () => classList.toggle("dark-mode", dataset.theme ? dataset.theme === "dark" : system.matches);

system.addEventListener("change", show);
show();
