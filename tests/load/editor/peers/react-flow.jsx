// React Flow as its own examples set it up: controlled nodes and edges, a memoised card of its own, culling switched on.
import { Background, Handle, Position, ReactFlow, ReactFlowProvider, applyNodeChanges, useReactFlow } from "@xyflow/react";
import { memo, useCallback, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import "@xyflow/react/dist/style.css";

const Card = memo(({ data }) => (
  <div className="card">
    <Handle type="target" position={Position.Top} isConnectable={false} />
    <span className="chip" />
    <b>{data.label}</b>
    <span className="summary">{data.summary}</span>
    {data.ports.map((port, at) => (
      <Handle key={port} id={port} type="source" position={Position.Bottom} style={{ left: `${((at + 1) * 100) / (data.ports.length + 1)}%` }} />
    ))}
  </div>
));
const nodeTypes = { card: Card };

function Canvas() {
  const [nodes, setNodes] = useState([]);
  const [edges, setEdges] = useState([]);
  const flow = useReactFlow();
  const onNodesChange = useCallback((changes) => setNodes((past) => applyNodeChanges(changes, past)), []);
  useEffect(() => {
    window.peer = {
      load({ nodes, edges }) {
        setNodes(
          nodes.map(({ id, x, y, ...data }) => ({ id, type: "card", position: { x, y }, data, width: 256, height: 64 })),
        );
        setEdges(edges.map(({ id, source, target, port }) => ({ id, source, target, sourceHandle: port })));
      },
      view: (zoom, x, y) => flow.setViewport({ zoom, x, y }),
      selectAll: () => setNodes((past) => past.map((node) => ({ ...node, selected: true }))),
    };
  }, [flow]);
  return (
    <ReactFlow
      nodes={nodes}
      edges={edges}
      onNodesChange={onNodesChange}
      nodeTypes={nodeTypes}
      minZoom={0.01}
      panOnDrag={[1]}
      onlyRenderVisibleElements
    >
      <Background />
    </ReactFlow>
  );
}

createRoot(document.getElementById("canvas")).render(
  <ReactFlowProvider>
    <Canvas />
  </ReactFlowProvider>,
);
