import type { Command } from 'commander';
import { action } from '../action.js';
import type { Cli } from '../cli.js';
import { CliError } from '../errors.js';
import { addComponents, addTableOptions, addWriteOptions, type ComponentsOption } from '../options.js';
import type { DryRunOptions } from '../writes/plan.js';

interface Options extends ComponentsOption, DryRunOptions {
  readonly comment?: string;
  readonly rework?: boolean;
  readonly yes?: boolean;
}

const COLUMNS = ['component', 'before', 'now', 'changed'];

/** `itkdb stage` */
export function define(command: Command): void {
  command.argument('<stage>', 'code of the stage, such as BONDED');
  addTableOptions(addWriteOptions(addComponents(command)))
    .option('--comment <text>', 'a comment in the history of the stages')
    .option('--rework', 'the component goes back for rework')
    .option('-y, --yes', 'moves components back without a question')
    .addHelpText('after', '\nThe stages of a component: itkdb get-component-info 20USBML1234567')
    .action(
      action<Options, [stage: string, components: string[]]>(async (cli, options, stage, words) => {
        const { from, comment, rework = false, yes = false, dryRun } = options;
        await checkOrder(stage, words, from);
        const { readComponentNames } = await import('../components/names.js');
        const { compareStages, StageOrder } = await import('../components/stage-order.js');
        const { explainIncomplete, REPEATABLE } = await import('../writes/incomplete.js');
        const { titleOf } = await import('../output/format.js');
        const { writeEach } = await import('../writes/write-each.js');
        const { signal } = cli;
        const order = new StageOrder(await cli.client(), signal);
        const items = await readComponentNames(words, from);
        const question = new Question(cli, yes || rework || dryRun === true);
        await writeEach(cli, {
          ...{ items, nameOf: (name: string) => name, dryRun },
          view: { noun: 'components', columns: COLUMNS },
          toPlanText: ({ component, before, now }: Change) =>
            `${component}  ${before === now ? `${now} (as it is)` : `${before ?? 'no stage'} → ${now}`}`,
          work: async (client, name) => {
            const component = await client.components.get(name, { signal, cache: 'reload' });
            const before = component.currentStage?.code ?? null;
            const title = titleOf(component);
            const { isBack, skipped } = compareStages(await order.of(component), before ?? undefined, stage);
            if (isBack) await question.ask(`${stage} comes before ${before}.`, title, items.length > 1);
            try {
              await client.components.setStage(component, stage, {
                ...{ comment, signal },
                rework: options.rework,
              });
            } catch (error) {
              throw explainIncomplete(error, REPEATABLE);
            }
            if (skipped.length > 0) cli.say(`itkdb: note: ${title} skips ${skipped.join(', ')}`);
            return { component: title, before, now: stage, changed: before !== stage };
          },
        });
      }),
    );
}

interface Change {
  readonly component: string;
  readonly before: string | null;
  readonly now: string;
  readonly changed: boolean;
}

/** @throws CliError where the component comes before the stage, as in other commands */
async function checkOrder(stage: string, words: readonly string[], from: string | undefined): Promise<void> {
  const { formOf } = await import('../../client/identifiers.js');
  const { toComponentName } = await import('../components/names.js');
  if (formOf(stage) === 'other') return;
  const last = words.at(-1);
  const isOther = last !== undefined && formOf(last) === 'other';
  const others = isOther ? words.slice(0, -1) : words;
  const names = from === undefined ? [stage, ...others].map(toComponentName).join(' ') : `--from ${from}`;
  throw new CliError('the stage comes first, then the components', {
    advice: `itkdb stage ${isOther ? last : 'STAGE'} ${names}`,
  });
}

/** Asks whether components may move back: once for all that do the same step. */
class Question {
  readonly #cli: Cli;
  readonly #isYes: boolean;
  readonly #answers = new Map<string, Promise<void>>();

  /** @param isYes - whether nothing is asked */
  constructor(cli: Cli, isYes: boolean) {
    this.#cli = cli;
    this.#isYes = isYes;
  }

  /** @throws CliError where there is no terminal, or the answer is no */
  ask(reason: string, component: string, hasOthers: boolean): Promise<void> {
    const which = hasOthers ? `${component}, and others at that stage,` : component;
    this.#cli.progress.clear();
    const answer =
      this.#answers.get(reason) ?? this.#cli.confirm(`${reason} Move ${which} back?`, this.#isYes);
    this.#answers.set(reason, answer);
    return answer;
  }
}
