/** What a role may do; the server decides, this only hides what it would refuse. */
/** @import {Me} from "../types.js" */

const ORDER = ["viewer", "editor", "publisher", "owner"];

/** @param {Me} me @param {string} role */
const atLeast = (me, role) => ORDER.indexOf(me.role) >= ORDER.indexOf(role);

/** @param {Me} me */
export const mayEdit = (me) => atLeast(me, "editor");

/** @param {Me} me */
export const mayPublish = (me) => atLeast(me, "publisher");
