/** A JSON Schema that describes an example. */

/** @param {any} value @returns {Record<string, any>} */
export function schemaOf(value) {
  if (value === null) return {};
  if (Array.isArray(value)) return value.length ? { type: "array", items: schemaOf(value[0]) } : { type: "array" };
  if (typeof value === "object") {
    const properties = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, schemaOf(member)]));
    return { type: "object", properties, required: Object.keys(properties) };
  }
  if (typeof value === "number") return { type: Number.isInteger(value) ? "integer" : "number" };
  return { type: typeof value };
}
