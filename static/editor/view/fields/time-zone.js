/** time_zone: a name of the zone database, with suggestions. */
/** @import {FieldOptions, Rendered} from "./index.js" */

import { h } from "../dom.js";
import { plainInput } from "./text.js";

/** @param {FieldOptions} options @returns {Rendered} */
export function timeZone(options) {
  const listId = `${options.id}-zones`;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [own, ...Intl.supportedValuesOf("timeZone").filter((zone) => zone !== own)];
  const part = plainInput(options, { list: listId, placeholder: own });
  return { ...part, dom: h("div", {}, part.dom, h("datalist", { id: listId }, ...zones.map((zone) => h("option", { value: zone })))) };
}
