"""The pure core: document, graph, node types' contract, templates, conditions, validation, a run's state machine.

Nothing here knows Django, a clock, a database or a socket; nothing is mutated. A flow's document becomes a `Graph`
(once per version); a run is a `RunState`; a node reports an outcome; `interpreter.advance` turns the two into the
next state. The floor above (`runtime`) owns the only loop that does so, and everything that touches the world.

Read in this order: document, graph, node_type and fields, outcomes, state, interpreter, template, conditions,
scope, validation.
"""
