/** The names of the DOM that the types of playwright-core use. The library `dom` has them, too, and changes the types of Node.js. */
interface Node {
  readonly nodeType: number;
}
type HTMLElement = Node;
type SVGElement = Node;
type HTMLElementTagNameMap = Readonly<Record<string, Node>>;
