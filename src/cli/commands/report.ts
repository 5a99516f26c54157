import { type Command, InvalidArgumentError } from 'commander';
import { action } from '../action.js';
import { CliError, EXIT } from '../errors.js';

interface ReportOptions {
  readonly output?: string;
  /** In kilobytes. */
  readonly maxImage: number;
}

/** `itkdb report` */
export function define(command: Command): void {
  command
    .argument('<component>', 'serial number, code or alternative identifier')
    .option('-o, --output <file>', 'where to write it; "-" for standard output (default: SERIAL_NUMBER.html)')
    .option('--max-image <kB>', 'size up to which an image is put into the page', toKilobytes, 300)
    .action(
      action<ReportOptions, [string]>(async (cli, { output, maxImage }, word) => {
        const { toComponentName } = await import('../components/names.js');
        const { checkTarget, writeTextFile } = await import('../files/write-file.js');
        if (output !== undefined && output !== '-') await checkTarget(output);
        const { readReport } = await import('../report/read-report.js');
        const client = await cli.client();
        const data = await readReport(client, toComponentName(word), {
          ...{ signal: cli.signal, largestImage: maxImage * 1000 },
          onProgress: (progress, noun) => cli.progress.show({ total: undefined, ...progress }, noun),
        });
        const { toPage } = await import('../report/page.js');
        const page = toPage(data);
        if (output === '-') await cli.output.write(page);
        else {
          const { titleOf } = await import('../output/format.js');
          const { safeName } = await import('../../client/files/safe-name.js');
          const file = output ?? `${safeName(titleOf(data.component))}.html`;
          cli.say(`written: ${await writeTextFile(file, page)}`);
        }
        const { failures } = data;
        if (failures.length === 0) return;
        for (const { what, reason } of failures) cli.say(`not in the report: ${what}: ${reason}`);
        throw new CliError('not everything could be read', {
          exitCode: EXIT.failed,
          advice: 'The report has the rest, and says what is missing.',
        });
      }),
    );
}

function toKilobytes(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('Give a whole number of kilobytes.');
  return Number(text);
}
