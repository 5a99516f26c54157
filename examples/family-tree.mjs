// Prints the family of a component: from the topmost component that it is built into, down to the smallest part.
//
//   node family-tree.mjs 20USBSS1000049
import { Session } from 'itkdb';

const session = new Session();
const wanted = process.argv[2];
if (wanted === undefined) throw new Error('name a component: node family-tree.mjs <serial number>');
let top = await getComponent(wanted);
while (top.parents?.[0]) top = await getComponent(top.parents[0].component.id);
print(await withParts(top));
await session.close();

async function getComponent(component) {
  const { data } = await session.get('getComponent', { data: { component } });
  return data;
}

/** Reads all parts of a component at the same time. The session limits the number of requests. */
async function withParts(component) {
  const parts = (component.children ?? []).map(async ({ component: part, type }) =>
    part === null ? { label: `(no ${type.name} yet)`, parts: [] } : withParts(await getComponent(part.id)),
  );
  const { serialNumber, componentType, currentStage, alternativeIdentifier } = component;
  const mark = [serialNumber, alternativeIdentifier].includes(wanted) ? '  <--' : '';
  const label = `${serialNumber}  ${componentType.name}, ${currentStage.name}${mark}`;
  return { label, parts: await Promise.all(parts) };
}

function print({ label, parts }, indent = '') {
  console.log(indent + label);
  for (const part of parts) print(part, `${indent}    `);
}
