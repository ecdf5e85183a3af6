import Drawflow from "drawflow";
import "drawflow/dist/drawflow.min.css";

const editor = new Drawflow(document.getElementById("canvas"));
editor.start();
editor.zoom_min = 0.01;

window.peer = {
  load({ nodes, edges }) {
    const number = new Map(nodes.map(({ id }, at) => [id, at + 1]));
    const data = {};
    for (const { id, x, y, label, summary, ports } of nodes)
      data[number.get(id)] = {
        id: number.get(id),
        name: "step",
        data: {},
        class: "",
        html: `<div class="card"><span class="chip"></span><b>${label}</b><span class="summary">${summary}</span></div>`,
        typenode: false,
        inputs: { input_1: { connections: [] } },
        outputs: Object.fromEntries(ports.map((_, at) => [`output_${at + 1}`, { connections: [] }])),
        pos_x: x,
        pos_y: y,
      };
    const byId = new Map(nodes.map((node) => [node.id, node]));
    for (const { source, target, port } of edges) {
      const output = `output_${byId.get(source).ports.indexOf(port) + 1}`;
      data[number.get(source)].outputs[output].connections.push({ node: String(number.get(target)), output: "input_1" });
      data[number.get(target)].inputs.input_1.connections.push({ node: String(number.get(source)), input: output });
    }
    editor.import({ drawflow: { Home: { data } } });
  },
  view(zoom, x, y) {
    Object.assign(editor, { zoom, zoom_last_value: zoom, canvas_x: x, canvas_y: y });
    editor.precanvas.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
  },
  selectAll() {},
};
