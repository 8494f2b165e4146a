// What tracer uses of dagre 3.1.3.

export interface Point {
  x: number;
  y: number;
}

export class Graph {
  constructor(options?: { directed?: boolean; multigraph?: boolean; compound?: boolean });
  setGraph(label: Record<string, string | number>): this;
  setDefaultEdgeLabel(make: () => object): this;
  setNode(id: string, label: { width: number; height: number }): this;
  setEdge(from: string, to: string, label?: object, name?: string): this;
  node(id: string): Point & { width: number; height: number };
  edge(from: string, to: string, name?: string): { points: Point[] };
  graph(): { width: number; height: number };
}

export function layout(graph: Graph): void;
