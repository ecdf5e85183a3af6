// litegraph draws on a bitmap; it pans with the left button on empty ground and zooms with the plain wheel.
import { LGraph, LGraphCanvas, LGraphNode, LiteGraph } from "litegraph.js";
import "litegraph.js/css/litegraph.css";

class Step extends LGraphNode {
  constructor() {
    super("Step");
    this.addInput("in", 0);
    this.size = [256, 64];
  }
  onDrawForeground(context) {
    if (this.flags.collapsed) return;
    context.fillStyle = "#999";
    context.font = "12px sans-serif";
    context.fillText(this.summary ?? "", 54, 40);
    context.fillRect(12, 17, 30, 30);
  }
}
LiteGraph.registerNodeType("bench/step", Step);

const element = document.createElement("canvas");
const box = document.getElementById("canvas");
element.width = box.clientWidth;
element.height = box.clientHeight;
box.append(element);
const graph = new LGraph();
const canvas = new LGraphCanvas(element, graph);
canvas.ds.min_scale = 0.01;

window.peer = {
  load({ nodes, edges }) {
    graph.clear();
    const made = new Map();
    for (const { id, x, y, label, summary, ports } of nodes) {
      const node = LiteGraph.createNode("bench/step");
      node.title = label;
      node.summary = summary;
      for (const port of ports) node.addOutput(port, 0);
      node.size = [256, 64];
      node.pos = [x, y];
      graph.add(node);
      made.set(id, node);
    }
    for (const { source, target, port } of edges) made.get(source).connect(port, made.get(target), 0);
    canvas.setDirty(true, true);
  },
  view(zoom, x, y) {
    canvas.ds.scale = zoom;
    canvas.ds.offset = [x / zoom, y / zoom];
    canvas.setDirty(true, true);
  },
  selectAll: () => canvas.selectNodes(),
};
