import { BadRequest, Session, User } from '../index.js';
import { type EmbeddedPdb, startPdb } from '../testing/index.js';
import { Terminal } from './terminal.js';

interface Named {
  readonly code: string;
  readonly name: string;
}

interface PageInfo {
  readonly total: number;
}

interface Component {
  readonly serialNumber: string;
  readonly componentType: Named;
  readonly type: Named;
  readonly currentStage: Named & { readonly order: number };
  readonly currentLocation: Named;
  readonly children: readonly Slot[];
  readonly parents: readonly { readonly component: { readonly serialNumber: string } }[] | null;
}

interface Slot {
  readonly componentType: Named;
  readonly type: Named;
  readonly component: { readonly serialNumber: string } | null;
}

// A reader such as `head` that has seen enough is no error.
process.stdout.on('error', () => process.exit());
const terminal = new Terminal(process.stdout);

await using pdb = await startPdb();
const user = new User(pdb.userOptions);
await using session = new Session({ user, prefixUrl: pdb.apiUrl });

introduce(pdb);
await signIn();
await listInstitutions();
const modules = await countModules();
await showFamily(modules);
await makeMistake();
conclude();

function introduce({ apiUrl, authUrl, dataset }: EmbeddedPdb): void {
  terminal.line(terminal.bold('itkdb: the ATLAS ITk Production Database from Node.js'));
  terminal.line('A small database of made-up parts now runs inside this process. All that follows');
  terminal.line('is real HTTP to it, and needs neither an account nor the internet.');
  terminal.line();
  terminal.field('database', apiUrl);
  terminal.field('identity', new URL('/', authUrl).href);
  terminal.field(
    'holds',
    `${dataset.components.length} components of ${dataset.institutions.length} institutions`,
  );
}

async function signIn(): Promise<void> {
  terminal.step('Sign in: two access codes for a token');
  await user.authenticate();
  terminal.field('signed in', `${terminal.good(user.name)} (${user.identity}), for ${user.expiresIn} s`);
}

async function listInstitutions(): Promise<void> {
  terminal.step('List the institutions, ten a page');
  for (let pageIndex = 0, total = 1; pageIndex * 10 < total; pageIndex++) {
    const { data } = await session.get<{ pageItemList: Named[]; pageInfo: PageInfo }>('listInstitutions', {
      data: { pageInfo: { pageIndex, pageSize: 10 } },
    });
    total = data.pageInfo.total;
    const [first, last] = [data.pageItemList[0], data.pageItemList.at(-1)];
    terminal.field(
      `page ${pageIndex + 1}`,
      `${first?.code} to ${last?.code}: ${data.pageItemList.length} of ${total}`,
    );
  }
}

/** Reads every strip module, so that it takes a while, and counts them by stage. */
async function countModules(): Promise<Component[]> {
  terminal.step('Read every strip module, and count them by stage');
  const modules: Component[] = [];
  for (let pageIndex = 0, total = 1; modules.length < total; pageIndex++) {
    const { data } = await session.get<{ itemList: Component[]; pageInfo: PageInfo }>('listComponents', {
      data: { filterMap: { project: 'S', componentType: 'MODULE' }, pageInfo: { pageIndex, pageSize: 50 } },
    });
    modules.push(...data.itemList);
    total = data.pageInfo.total;
    terminal.progress(modules.length, total);
  }
  const stages = new Map(modules.map(({ currentStage }) => [currentStage.order, currentStage]));
  for (const [, stage] of [...stages].sort(([a], [b]) => a - b)) {
    const count = modules.filter(({ currentStage }) => currentStage.code === stage.code).length;
    const bar = '█'.repeat(Math.ceil((40 * count) / modules.length));
    terminal.line(`   ${stage.name.padEnd(16)} ${String(count).padStart(4)}  ${terminal.dim(bar)}`);
  }
  return modules;
}

async function getComponent(serialNumber: string): Promise<Component> {
  const { data } = await session.get<Component>('getComponent', { data: { component: serialNumber } });
  return data;
}

async function showFamily(modules: readonly Component[]): Promise<void> {
  terminal.step('Look at one of them, its parent and its parts');
  const onStave = modules.find(({ currentStage }) => currentStage.code === 'FINISHED') ?? modules[0];
  const module = await getComponent(onStave?.serialNumber ?? '');
  const parent = module.parents?.[0] && (await getComponent(module.parents[0].component.serialNumber));
  if (parent) terminal.line(`   ${title(parent)}, at ${parent.currentLocation.code}`);
  terminal.line(
    `   ${parent ? `├─ (${parent.children.length - 1} other modules)\n   └─ ` : ''}${terminal.bold(title(module))}`,
  );
  const indent = parent ? '      ' : '   ';
  for (const [index, { type, componentType, component }] of module.children.entries()) {
    const branch = index === module.children.length - 1 ? '└─' : '├─';
    const part = component?.serialNumber ?? terminal.dim('not there yet   ');
    terminal.line(`${indent}${branch} ${part}  ${componentType.name}, ${type.name}`);
  }
}

function title({ serialNumber, componentType, type, currentStage }: Component): string {
  const kind = type.name.toLowerCase().includes(componentType.name.toLowerCase())
    ? type.name
    : componentType.name;
  return `${serialNumber}  ${kind}, ${currentStage.name.toLowerCase()}`;
}

async function makeMistake(): Promise<void> {
  terminal.step('Ask for a component that does not exist: a typed error');
  try {
    await getComponent('20USBML0000000');
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    terminal.field('class', terminal.bad(error.name));
    terminal.field('code', error.code);
    terminal.field('reason', Object.keys(error.appErrors).join(', '));
    terminal.field(
      'is it that?',
      `error.hasAppError('componentDoesNotExist') is ${error.hasAppError('componentDoesNotExist')}`,
    );
    terminal.line(`   ${terminal.dim('and its message, from which every credential has been taken out:')}`);
    const lines = error.message.split(/\r?\n/);
    terminal.quote([...lines.slice(0, 3), '⋮', ...lines.slice(lines.indexOf(''))].join('\n'));
  }
}

function conclude(): void {
  terminal.line();
  terminal.line(terminal.bold('What to try next'));
  terminal.line('   Write a script of your own: README.md has one of ten lines.');
  terminal.line('   Test it against this database: import { startPdb } from "itkdb/testing".');
}
