/** Words for what can be done about an error. */

/** What to do about an error, by what the peer or the engine said. @param {any} error @returns {string} */
export function adviceFor(error) {
  if (!error) return "";
  if (error.advice) return error.advice;
  const status = Number(error.detail?.status ?? error.status ?? 0);
  return ADVICE[error.code] ?? (status >= 500 ? "The other side had a fault. Retry the run, or set retries for this step." : (ADVICE[String(status)] ?? ""));
}

/** @type {Record<string, string>} */
const ADVICE = {
  401: "The other side refused the credentials. Check the connection.",
  403: "The credentials are known but may not do this. Check the rights of the account.",
  404: "The address does not exist at the other side. Check the URL and the values put into it.",
  422: "The other side did not accept the data. Compare the body sent with its documentation.",
  429: "Too many requests. Set retries for this step; a waiting time the other side asks for is kept.",
  timeout: "The other side took too long. Raise the time limit of this step or set retries.",
  missing_variable: "A value was missing. Add a default, or check the step it comes from.",
  blocked_address: "This address is private or not allowed. The operator can allow it with EGRESS_ALLOW.",
  bad_json: "The body is not valid JSON once values are put in. Look at what stands outside quotes.",
};
