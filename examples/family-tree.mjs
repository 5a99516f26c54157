// Prints the family of a component: from the topmost component that it is built into, down to the smallest part.
//
//   node family-tree.mjs 20USBSS1000003
import { Client, Component } from 'itkdb';

const client = new Client();
const read = (component) => client.get('getComponent', { data: { component } });
const wanted = await read(process.argv[2] ?? '20USBSS1000003');
let top = wanted;
while (top.parents?.[0]) top = await read(top.parents[0].component.id);

const root = new Component(client, top);
print(root);
for await (const part of root.walk()) print(part);
await client.close();

function print(part) {
  let indent = '';
  for (let { parent } = part; parent; { parent } = parent) indent += '    ';
  const { serialNumber, componentType, currentStage } = part.data;
  const mark = part.id === wanted.id ? '  <--' : '';
  console.log(`${indent}${serialNumber}  ${componentType.name}, ${currentStage.name}${mark}`);
}
