/**
 * The shapes the editor's modules exchange. No code: other modules say `@import {State} from "./types.js"`.
 *
 * One way round: pointer or key -> gesture or command -> `store.dispatch` -> every view's `update(state, before)`.
 * Values in the state are never changed in place; a view compares by identity and returns early.
 */

// ---------------------------------------------------------------------------------------------- the document

/** @typedef {Record<string, any>} Config  raw values by field name; an absent key means the field's default */

/**
 * @typedef {object} Settings
 * @property {{max_attempts?: number, backoff_seconds?: number, factor?: number}} [retry]
 * @property {number} [timeout_seconds]
 * @property {"stop"|"continue"|"branch"} [on_error]
 */

/**
 * @typedef {object} FlowNode
 * @property {string} id
 * @property {string} type
 * @property {string} key       names the outputs: `steps.<key>.<name>`
 * @property {string} label
 * @property {Config} config    always there (empty when the stored node had none)
 * @property {Settings} [settings]
 * @property {boolean} [disabled]
 */

/** @typedef {{id: string, source: string, port: string, target: string}} Edge */
/** @typedef {{x: number, y: number, early?: boolean}} Point  canvas pixels at zoom 1; `early`: the line from here turns before it falls */
/** @typedef {{x: number, y: number, width: number, height: number}} Rect */
/** @typedef {{id: string, x: number, y: number, width: number, height: number, text: string, color: string}} Note */

/**
 * @typedef {object} FlowDocument  frozen; nodes, edges, notes sorted by id
 * @property {number} schema
 * @property {readonly FlowNode[]} nodes
 * @property {readonly Edge[]} edges
 * @property {Readonly<Record<string, Point>>} layout
 * @property {readonly Note[]} notes
 */

/** @typedef {{path: string, before?: any, after?: any}} Op  an omitted member means "absent"; null is a value */

/** @typedef {{client: string, seq: number, base: number, ops: Op[]}} Batch  ops made on revision `base`; the server takes (client, seq) once */

/**
 * A question between two people (or two tabs): theirs stands until it is answered.
 * @typedef {object} Clash
 * @property {"value"|"gone"|"changed"|"port"|"trigger"} kind  gone: they deleted what I changed; changed: the other way round
 * @property {string} id     path of what is asked about
 * @property {string} node   id of the step it is about, "" for a note
 * @property {Op[]} ops      what mine means on top of theirs
 * @property {any} mine      undefined: absent
 * @property {any} theirs
 */

/** @typedef {{document: FlowDocument, clashes: Clash[], dropped: Edge[], renamed: {node: string, from: string, to: string}[]}} Rebased */

/** @typedef {{segue: "nodes", schema: number, workspace: string, nodes: FlowNode[], edges: Edge[], layout: Record<string, Point>, notes: Note[]}} Clip */

// --------------------------------------------------------------------------------------------- the catalogue

/** @typedef {{value: any, label: string, help?: string}} Option */
/** @typedef {{field?: string, setting?: string, in?: any[], all?: Condition[], any?: Condition[]}} Condition  `visible_if` and `when` */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} kind       one of the field kinds of the catalogue
 * @property {string} label
 * @property {string} [help]
 * @property {boolean} [required]
 * @property {any} [default]
 * @property {boolean} [template]
 * @property {boolean} [secure]
 * @property {string} [section]
 * @property {boolean} [advanced]
 * @property {Option[]|null} [options]
 * @property {string|null} [options_from]
 * @property {{min?: number|null, max?: number|null, max_length?: number|null, max_items?: number|null, pattern?: string|null}} [limits]
 * @property {Condition|null} [visible_if]
 * @property {Field[]|null} [fields]   of an object
 * @property {Field|null} [item]       of a list
 * @property {string[]|null} [types]   of a connection_ref
 */

/** @typedef {{id?: string, label: string, required?: boolean, when?: Condition, each?: string}} PortRule  with `each`, id and label name the item's members */
/** @typedef {{name: string, label?: string, type: string, sample?: any, scope?: string, ports?: string[], each?: string, named_by?: string, when?: Condition}} OutputRule */
/** @typedef {{id: string, label: string, icon?: string}} App */
/** @typedef {{id: string, label: string, order: number, color: string}} Group  color: violet pink amber blue green teal slate */

/**
 * @typedef {object} NodeType
 * @property {string} type
 * @property {number} version
 * @property {string} label
 * @property {App} app
 * @property {Group} group
 * @property {string} icon
 * @property {string} help            markdown
 * @property {string[]} keywords
 * @property {boolean} trigger
 * @property {string[]} kinds
 * @property {"none"|"repeatable"|"keyed"|"once"} effect
 * @property {boolean} [waits]
 * @property {boolean} [can_disable]  true when absent
 * @property {(string|{field: string, as?: string})[]} summary
 * @property {Field[]} fields
 * @property {PortRule[]} ports
 * @property {OutputRule[]} outputs
 */

/** @typedef {{types: Map<string, NodeType>, groups: Group[]}} Catalogue */
/** @typedef {{id: string, label: string, required: boolean}} Port */
/** @typedef {{text: string, chip?: boolean}} SummaryPart */
/** @typedef {{path: string, type: string, label: string, source: string, node: string|null, sample: any, certain: boolean}} Variable
 *  `source` is the heading it is grouped under; `node` the id of the origin (null: the run itself) */
/** @typedef {{path: string, text: string, start: number, end: number, hasDefault: boolean}} Reference  `text` with its braces, at start..end */

// ------------------------------------------------------------------------------------------------- the state

/** @typedef {{code: string, severity: "error"|"warning", message: string, node: string|null, field: string|null, fix?: {label: string, ops: Op[]}|null}} Problem  field: JSON Pointer from the node */
/** @typedef {{status: "saved"|"saving"|"slow"|"trying"|"unsaved"|"offline"|"conflict"|"error", kept: number, message: string}} Save  kept: ops not acknowledged yet */
/** @typedef {{nodes: ReadonlySet<string>, edges: ReadonlySet<string>, notes: ReadonlySet<string>}} Selection */
/** @typedef {{x: number, y: number, zoom: number}} Camera  screen = world * zoom + (x, y), relative to the canvas element */
/** @typedef {{label: string, before: FlowDocument, after: FlowDocument}} HistoryEntry */
/** @typedef {{past: readonly HistoryEntry[], future: readonly HistoryEntry[]}} History */

/**
 * The form buffer: what the inspector shows and edits. It exists exactly while one node is selected; made and refreshed by
 * the store's `settle`, edited with `editForm(state, patch)`, written to the document by the command `save-form`.
 * @typedef {object} Form
 * @property {string} node
 * @property {string} key
 * @property {string} label
 * @property {Config} config
 * @property {Settings} settings
 * @property {boolean} dirty
 * @property {string|null} focus   JSON Pointer of the field to focus (from a problem), e.g. "/config/url"
 */

/** @typedef {{seq: number, index: number, attempt: number, node: string, type: string, label: string, status: "running"|"succeeded"|"failed"|"waiting"|"skipped"|"unknown"|"cancelled", port: string|null, reason: any, input: any, output: any, error: any, warnings: any[], started_at: string|null, seconds: number|null}} Step */
/** @typedef {{id: string, flow: any, version: number|null, mode: string, status: string, event: any, interaction?: any, vars?: Record<string, any>, outcome?: string, started_at: string|null, finished_at: string|null, seconds: number|null, response: any, error: any, path: string[], wait: any, references: {label: string, value: string}[], steps: Step[]}} Run */
/**
 * A run on the canvas.
 * @typedef {object} Overlay
 * @property {Run} run
 * @property {number|null} version
 * @property {FlowDocument|null} document   set when what ran differs from the draft; the canvas then shows it, read-only
 * @property {boolean} live                 the run has not ended
 * @property {number|null} [at]             replay: the step looked at; null or absent: the newest
 * @property {{node: string, after: number}|null} [started]  the worker begins this node, and it was not recorded after that seq
 * @property {number} [now]                 milliseconds, kept going while the run waits
 */

/** @typedef {{before: {name: string, document: FlowDocument}, after: {name: string, document: FlowDocument}|null}} Comparison
 *  two states of the flow, their difference drawn on the canvas; `after` null: the draft, which stays editable */

/**
 * @typedef {object} FlowInfo
 * @property {string} id
 * @property {string} name
 * @property {string} description
 * @property {string} kind
 * @property {any[]} agents
 * @property {boolean} enabled
 * @property {{number: number, at: string, by: string|null, note: string}|null} published
 * @property {any} [stats]
 */

/** @typedef {{id: string, user: string, name: string, initials: string, node: string|null, color: number, me: boolean}} Person  another tab that looks at this flow; me: the same person */
/** @typedef {{nodes: ReadonlySet<string>, name: string, color: number}} Touched  what somebody changed a moment ago */
/** @typedef {{kind: "session"|"stranger"|"role"|"gone"|"version"|"storage"|"damaged"|"refused", message: string, more: number}} Trouble  more: changes kept by tabs that are gone */

/** @typedef {{role: "viewer"|"editor"|"publisher"|"owner", name: string, time_zone: string, id?: string|number}} Me */

/**
 * @typedef {(
 *   {kind: "pan"} |
 *   {kind: "drag", nodes: readonly string[], notes: readonly string[], dx: number, dy: number, edge: string|null, copies: readonly Rect[], guides: readonly Guide[]} |
 *   {kind: "connect", source: string, port: string, x: number, y: number, target: string|null, refused: string|null, edge: string|null, tap: boolean, held?: string} |
 *   {kind: "marquee", rect: Rect} |
 *   {kind: "drop", type: string, x: number, y: number, inside: boolean, edge: string|null} |
 *   {kind: "resize", note: string, width: number, height: number}
 * )} Gesture  what a pointer is doing; drawn by the views, never part of the document. x, y in canvas pixels; held: where a line leads whose upper end is moved
 */

/** @typedef {{kind: "line"|"gap", from: Point, to: Point}} Guide  what a dragged card is in line with, or as far from as others are from each other */

/** @typedef {{node?: string, edge?: string, path?: string}} Hover  path: a variable's chip under the pointer; its origin node lights up */

/**
 * @typedef {object} State
 * @property {FlowInfo} flow
 * @property {Me} me
 * @property {Catalogue} catalogue
 * @property {any[]} connections
 * @property {any[]} agents
 * @property {any[]} flows
 * @property {FlowDocument} document
 * @property {number} revision
 * @property {Save} save
 * @property {number} changed            differences to what is published
 * @property {readonly Problem[]} problems
 * @property {Selection} selection
 * @property {string|null} focused       roving focus of the canvas: a node id
 * @property {Camera} camera
 * @property {boolean|null} minimap      shown or not, as somebody chose; null: for flows one can get lost in
 * @property {{width: number, height: number}} viewport  of the canvas, kept by a ResizeObserver
 * @property {"select"|"area"|"hand"} tool  area: a finger draws the rectangle, taps add and take out
 * @property {Gesture|null} gesture
 * @property {Hover|null} hover
 * @property {History} history
 * @property {"configure"|"test"|"runs"} tab
 * @property {null|"run"|"problems"|"versions"|"review"|"snapshots"|"test"|"outline"} right
 * @property {null|"outline"|"canvas"} narrow  below 768 px: which of the two the page shows; null on a wider screen
 * @property {boolean} sheet             below 768 px: the inspector lies over the page
 * @property {Form|null} form
 * @property {Overlay|null} overlay
 * @property {{window: "24h"|"7d", version: number|null, data: import("./model/traffic.js").Figures|null, failed: boolean}|null} traffic
 * @property {Comparison|null} comparison
 * @property {{query: string, at: number}|null} search  what is looked for in the flow, and which of its finds one stands at
 * @property {any} picker
 * @property {any} modal
 * @property {string|null} editingNote    the note whose text is being written
 * @property {string|null} renaming       the node whose name is being written on the canvas
 * @property {string|null} readonly       the reason, in words, or null
 * @property {{event: any, source: string, run?: Run, document?: FlowDocument}} sample   what previews use; with a run, what its steps gave too
 * @property {Clip|null} clipboard
 * @property {string} workspace           id of the workspace ("" when unknown)
 * @property {Record<string, any>} preferences
 * @property {boolean} online
 * @property {readonly Person[]} people
 * @property {Touched|null} touched
 * @property {readonly Trouble[]} troubles
 * @property {{text: string, n: number, urgent?: boolean}} announcement  urgent: something was refused or went wrong
 */

/** @typedef {(state: State) => State} Change */

/**
 * @typedef {object} Store
 * @property {State} state
 * @property {(change: Change) => void} dispatch
 * @property {(listener: (state: State, before: State) => void) => () => void} subscribe  returns the way out
 */

/**
 * One row of the command table. `run` is pure: new state, or null = does not apply now (greys the button). A command with an
 * effect outside the state (publish, copy to the clipboard) has `perform` too, and its `run` answers only whether it applies.
 * @typedef {object} Command
 * @property {string} id
 * @property {string} label
 * @property {string[]} keys            e.g. ["Mod+z"], ["n"]; Mod is Ctrl, on macOS Cmd
 * @property {string} group             heading in the palette and the shortcut sheet
 * @property {"canvas"|"page"} [where]   where its keys work; "canvas" (default): only while the canvas has focus
 * @property {boolean} [byEvent]        the browser sends an event of its own for its keys (copy, cut, paste)
 * @property {boolean} [leaves]         it changes the selection: a dirty form is asked about first
 * @property {boolean} [hidden]         not listed in the command palette (needs arguments)
 * @property {(state: State, args?: any) => State|null} run
 * @property {(context: Context, args?: any) => any} [perform]
 */

/**
 * @typedef {object} Commands
 * @property {(id: string, args?: any) => boolean} run      false: unknown or does not apply
 * @property {(id: string, args?: any) => boolean} applies
 * @property {() => Command[]} all
 * @property {(command: Command) => void} register
 * @property {(table: Command[]) => () => void} open   the table is here; the answer does what was asked for before
 */

/** @typedef {{dom: HTMLElement|SVGElement, update: (state: State, before: State) => void}} View */

/** @typedef {{title: string, text?: string|Node, buttons: {id: string, label: string, kind?: "primary"|"danger"|"quiet"}[], input?: {label: string, value: string}}} DialogOptions
 *  the promise gives the id of the button, null for Escape; with `input`, `{button, value}` */
/** @typedef {{title?: string, kinds?: string[], triggers?: boolean, exclude?: string[]}} PickerOptions  triggers: offer trigger types only */

/**
 * What modules get beside the store. main.js makes it; `panels` fills openPicker, dialog and toast.
 * @typedef {object} Context
 * @property {Api} api
 * @property {Commands} commands
 * @property {(text: string) => void} announce
 * @property {Record<string, any>} words
 * @property {string} icons                                URL of the sprite
 * @property {{api: string, ws: string, icons: string, [name: string]: string}} urls
 * @property {(() => boolean)|null} [home]   takes the focus to where the keyboard was last, when that is not the canvas; false: it is gone
 * @property {(anchor: Element|{x: number, y: number}, options?: PickerOptions) => Promise<string|null>} openPicker   client coordinates; gives a type name
 * @property {(options: DialogOptions) => Promise<any>} dialog
 * @property {(text: string, options?: {kind?: "info"|"ok"|"warn"|"bad", action?: {label: string, run: () => void}}) => void} toast
 * @property {(type: string, event: PointerEvent) => void} startDrop   the palette calls it on pointerdown
 * @property {(type: string) => void} addNode                          click or Enter in the palette: after the selection
 * @property {(text: string) => void} [toClipboard]                  where the page may write it itself
 * @property {() => void} [focusSearch]                              there once the flow was searched
 * @property {() => Promise<any>} forForms                             fetches the whole catalogue and lists once; a form waits for them. Fails where the server cannot be asked
 * @property {() => Promise<boolean>} leaveForm                        asks Save / Discard / Stay when the form is dirty; false: stay
 * @property {() => Promise<boolean>} flush                            sends what is unsaved; true when the server has all
 * @property {(label?: string, change?: () => Promise<any>) => Promise<void>} reload   does `change` and fetches the draft again (after undo changes, restore)
 * @property {{open: (id: string) => Promise<void>, close: () => void}} runs   the run overlay: live when the run is not final
 * @property {{reveal: (id: string) => void, focus: () => void, toWorld: (x: number, y: number) => Point, toClient: (x: number, y: number) => Point, center: () => Point}} canvas
 */

/**
 * @typedef {object} Api   every call gives the parsed JSON or throws ApiError {status, title, detail, errors, body}
 * @property {(path: string) => Promise<any>} get          path is relative to /api/v1, e.g. "/flows/<id>/versions/"
 * @property {(path: string, body?: any, headers?: Record<string, string>) => Promise<any>} post
 * @property {(path: string, body: any) => Promise<any>} patch
 * @property {(path: string, body: any, headers?: Record<string, string>) => Promise<any>} put
 * @property {(path: string) => Promise<any>} del
 */

/**
 * What view/panels.js exports: `createPanels(store, context) -> Panels`. main.js puts each slot into the page's frame:
 * topbar -> header#topbar, banner -> div#banner, left -> aside#left, right -> aside#right, layer -> div#layer.
 * @typedef {object} Panels
 * @property {(state: State, before: State) => void} update
 * @property {{topbar: HTMLElement, banner: HTMLElement, left: HTMLElement, right: HTMLElement, layer: HTMLElement}} slots
 * @property {Context["openPicker"]} openPicker
 * @property {Context["dialog"]} dialog
 * @property {Context["toast"]} toast
 */

export {};
