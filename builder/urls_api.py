"""The builder's API, under /api/v1/. The machine doors beside it are the runtime's (runtime/door.py)."""

from django.urls import path

from builder.api import agents, catalogue, connections, drafts, flows, publishing, runs, trying, workspace
from builder.api import openapi as openapi  # registers how the OpenAPI document names the ways to sign in

FLOW = "flows/<uuid:flow_id>/"
RUN = "runs/<uuid:run_id>/"

urlpatterns = [
    path("flows/", flows.FlowList.as_view(), name="api-flows"),
    path("flows/import/", flows.FlowImport.as_view(), name="api-flow-import"),
    path(FLOW, flows.FlowDetail.as_view(), name="api-flow"),
    path(f"{FLOW}restore/", flows.FlowRestore.as_view(), name="api-flow-restore"),
    path(f"{FLOW}duplicate/", flows.FlowDuplicate.as_view(), name="api-flow-duplicate"),
    path(f"{FLOW}export/", flows.FlowExport.as_view(), name="api-flow-export"),
    path(f"{FLOW}draft/", drafts.DraftDetail.as_view(), name="api-draft"),
    path(f"{FLOW}draft/ops/", drafts.DraftOps.as_view(), name="api-draft-ops"),
    path(f"{FLOW}draft/snapshots/", drafts.SnapshotList.as_view(), name="api-snapshots"),
    path(
        f"{FLOW}draft/snapshots/<uuid:snapshot_id>/restore/",
        drafts.SnapshotRestore.as_view(),
        name="api-snapshot-restore",
    ),
    path(f"{FLOW}draft/snapshots/<uuid:snapshot_id>/diff/", drafts.SnapshotDiff.as_view(), name="api-snapshot-diff"),
    path(f"{FLOW}undo-changes/", drafts.UndoChanges.as_view(), name="api-undo-changes"),
    path(f"{FLOW}validate/", drafts.Validate.as_view(), name="api-validate"),
    path(f"{FLOW}variables/", drafts.Variables.as_view(), name="api-variables"),
    path(f"{FLOW}publish/", publishing.Publish.as_view(), name="api-publish"),
    path(f"{FLOW}unpublish/", publishing.Unpublish.as_view(), name="api-unpublish"),
    path(f"{FLOW}versions/", publishing.VersionList.as_view(), name="api-versions"),
    path(f"{FLOW}versions/<int:number>/", publishing.VersionDetail.as_view(), name="api-version"),
    path(f"{FLOW}versions/<int:number>/restore/", publishing.VersionRestore.as_view(), name="api-version-restore"),
    path(f"{FLOW}versions/<int:number>/diff/", publishing.VersionDiff.as_view(), name="api-version-diff"),
    path(f"{FLOW}try/", trying.Try.as_view(), name="api-try"),
    path(f"{FLOW}try-node/", trying.TryNode.as_view(), name="api-try-node"),
    path("runs/", runs.RunList.as_view(), name="api-runs"),
    path(RUN, runs.RunDetail.as_view(), name="api-run"),
    path(f"{RUN}steps/", runs.RunSteps.as_view(), name="api-run-steps"),
    path(f"{RUN}document/", runs.RunDocument.as_view(), name="api-run-document"),
    path(f"{RUN}cancel/", runs.RunCancel.as_view(), name="api-run-cancel"),
    path(f"{RUN}retry/", runs.RunRetry.as_view(), name="api-run-retry"),
    path("calls/", runs.CallList.as_view(), name="api-calls"),
    path("node-types/", catalogue.NodeTypes.as_view(), name="api-node-types"),
    path("tools/", catalogue.Tools.as_view(), name="api-tools"),
    path("agents/", agents.AgentList.as_view(), name="api-agents"),
    path("agents/<uuid:agent_id>/", agents.AgentDetail.as_view(), name="api-agent"),
    path("connection-types/", connections.ConnectionTypes.as_view(), name="api-connection-types"),
    path("connections/", connections.ConnectionList.as_view(), name="api-connections"),
    path("connections/<uuid:connection_id>/", connections.ConnectionDetail.as_view(), name="api-connection"),
    path("connections/<uuid:connection_id>/test/", connections.ConnectionTest.as_view(), name="api-connection-test"),
    path("workspace/", workspace.WorkspaceDetail.as_view(), name="api-workspace"),
    path("me/", workspace.Me.as_view(), name="api-me"),
    path("preferences/", workspace.Preferences.as_view(), name="api-preferences"),
    path("members/", workspace.MemberList.as_view(), name="api-members"),
    path("members/<int:member_id>/", workspace.MemberDetail.as_view(), name="api-member"),
    path("invitations/", workspace.InvitationList.as_view(), name="api-invitations"),
    path("invitations/<uuid:invitation_id>/", workspace.InvitationDetail.as_view(), name="api-invitation"),
    path("api-keys/", workspace.ApiKeyList.as_view(), name="api-keys"),
    path("api-keys/<uuid:key_id>/", workspace.ApiKeyDetail.as_view(), name="api-key"),
    path("audit/", workspace.Audit.as_view(), name="api-audit"),
]
