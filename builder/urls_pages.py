"""The addresses of pages; `builder.urls` includes them last, at the root."""

from django.urls import path

from builder.pages import (
    agents,
    api_keys,
    connections,
    conversations,
    data,
    flow_list,
    gates,
    members,
    operating,
    preferences,
    runs,
    sign_in,
    signing_in,
    versions,
)
from builder.pages.audit import audit
from builder.pages.calls import calls
from builder.pages.dashboard import dashboard
from builder.pages.editor import editor
from builder.pages.hours import hours
from builder.pages.new_flow import new_flow
from builder.pages.node_reference import node_reference
from builder.pages.reaching import reach_flow
from builder.pages.undelivered import replay_undelivered, undelivered
from builder.pages.waiting import decide_wait, waiting
from builder.pages.workspace import workspace

FLOW = "flows/<uuid:flow_id>/"
RUN = "runs/<uuid:run_id>/"
CONVERSATION = "conversations/<uuid:conversation_id>/"
CONNECTION = "settings/connections/<uuid:connection_id>/"
TABLE = "data/tables/<slug:table>/"
AGENT = "settings/agents/<uuid:agent_id>/"

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("join/<str:token>/", members.join, name="join"),
    path("", flow_list.flow_list, name="flow-list"),
    path("flows/new/", new_flow, name="flow-new"),
    path("flows/bulk/", flow_list.bulk, name="flow-bulk"),
    path("flows/trash/", flow_list.trash_list, name="flow-trash-list"),
    path(FLOW, editor, name="flow-editor"),
    path(FLOW + "live/", flow_list.set_live, name="flow-live"),
    path(FLOW + "duplicate/", flow_list.duplicate_flow, name="flow-duplicate"),
    path(FLOW + "trash/", flow_list.move_to_trash, name="flow-trash"),
    path(FLOW + "restore/", flow_list.restore_flow, name="flow-restore"),
    path(FLOW + "reach/", reach_flow, name="flow-reach"),
    path(FLOW + "versions/", versions.version_list, name="version-list"),
    path(FLOW + "versions/<int:number>/restore/", versions.restore_version, name="version-restore"),
    path("runs/operate/", operating.operate, name="run-operate"),
    path("runs/operations/<uuid:operation_id>/", operating.operation_page, name="operation-page"),
    path("runs/operations/<uuid:operation_id>/stop/", operating.stop_operation, name="operation-stop"),
    path("runs/", runs.run_list, name="run-list"),
    path(RUN, runs.run_page, name="run-page"),
    path(RUN + "cancel/", runs.cancel_run, name="run-cancel"),
    path(RUN + "retry/", runs.retry_run, name="run-retry"),
    path(RUN + "connection/", runs.choose_connection, name="run-connection"),
    path("waiting/", waiting, name="waiting"),
    path("waiting/<int:wait_id>/", decide_wait, name="wait-decide"),
    path("webhooks/undelivered/", undelivered, name="undelivered"),
    path("webhooks/undelivered/replay/", replay_undelivered, name="undelivered-replay"),
    path("calls/", calls, name="calls"),
    path(CONVERSATION, conversations.conversation_page, name="conversation-page"),
    path(CONVERSATION + "resolve/", conversations.resolve_conversation, name="conversation-resolved"),
    path(CONVERSATION + "end/", conversations.end_conversation, name="conversation-ended"),
    path("nodes/", node_reference, name="node-reference"),
    path("dashboard/", dashboard, name="dashboard"),
    path("data/", data.data_list, name="data-list"),
    path("data/new/", data.new_table, name="data-table-new"),
    path("data/files/<uuid:file_id>/", data.download_file, name="data-file"),
    path("data/files/<uuid:file_id>/delete/", data.delete_file, name="data-file-delete"),
    path(TABLE, data.table_rows, name="data-table"),
    path(TABLE + "columns/", data.edit_table, name="data-table-edit"),
    path(TABLE + "import/", data.import_rows, name="data-table-import"),
    path(TABLE + "export/", data.export_rows, name="data-table-export"),
    path(TABLE + "delete/", data.delete_table, name="data-table-delete"),
    path(TABLE + "rows/new/", data.edit_row, name="data-row-new"),
    path(TABLE + "rows/<int:row_id>/", data.edit_row, name="data-row"),
    path(TABLE + "rows/<int:row_id>/delete/", data.delete_row, name="data-row-delete"),
    path("settings/connections/", connections.connection_list, name="connection-list"),
    path("settings/connections/new/", connections.new_connection, name="connection-new"),
    path(CONNECTION, connections.edit_connection, name="connection-edit"),
    path(CONNECTION + "test/", connections.test_connection, name="connection-test"),
    path(CONNECTION + "sign-in/", signing_in.leave, name="connection-sign-in"),
    path("settings/connections/signed-in/", signing_in.come_back, name="connection-signed-in"),
    path(CONNECTION + "switch-on/", connections.switch_on_connection, name="connection-switch-on"),
    path(CONNECTION + "limits/", gates.set_limits, name="connection-limits"),
    path("gates/<int:gate_id>/reset/", gates.reset_gate, name="gate-reset"),
    path(CONNECTION + "delete/", connections.delete_connection, name="connection-delete"),
    path("settings/agents/", agents.agent_list, name="agent-list"),
    path("settings/agents/new/", agents.new_agent, name="agent-new"),
    path(AGENT, agents.edit_agent, name="agent-edit"),
    path(AGENT + "renew/", agents.renew_agent_address, name="agent-renew"),
    path(AGENT + "delete/", agents.delete_agent, name="agent-delete"),
    path("settings/api-keys/", api_keys.api_key_list, name="api-key-list"),
    path("settings/api-keys/<uuid:key_id>/revoke/", api_keys.revoke_api_key, name="api-key-revoke"),
    path("settings/members/", members.member_list, name="member-list"),
    path("settings/members/<int:member_id>/role/", members.change_role, name="member-role"),
    path("settings/members/<int:member_id>/remove/", members.remove_member, name="member-remove"),
    path("settings/invitations/<uuid:invitation_id>/withdraw/", members.withdraw, name="invitation-withdraw"),
    path("settings/workspace/", workspace, name="workspace"),
    path("settings/workspace/hours/", hours, name="hours"),
    path("settings/preferences/", preferences.preferences, name="preferences"),
    path("settings/preferences/first-steps/", preferences.hide_first_steps, name="preferences-first-steps"),
    path("settings/password/", sign_in.change_password, name="password-change"),
    path("settings/audit/", audit, name="audit"),
]
