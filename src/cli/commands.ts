import type { Command } from 'commander';

/** A command of the command line. */
export interface CommandEntry {
  readonly name: string;
  /** What it does, in the list of commands. */
  readonly summary: string;
  /** A call that can be copied. */
  readonly example: string;
  /** Loads its file, which adds the arguments, the options and the action. */
  readonly load: () => Promise<{ readonly define: (command: Command) => void }>;
}

/** The commands, in the groups and the order in which the help shows them. */
export const COMMANDS: Readonly<Record<string, readonly CommandEntry[]>> = {
  'Sign in:': [
    {
      name: 'login',
      summary: 'signs in, for all commands and for your scripts',
      example: 'itkdb login',
      load: () => import('./commands/login.js'),
    },
    {
      name: 'logout',
      summary: 'removes the stored sign-in',
      example: 'itkdb logout',
      load: () => import('./commands/logout.js'),
    },
    {
      name: 'whoami',
      summary: 'shows who you are, and until when you are signed in',
      example: 'itkdb whoami',
      load: () => import('./commands/whoami.js'),
    },
    {
      name: 'authenticate',
      summary: 'checks that you can sign in',
      example: 'itkdb authenticate',
      load: () => import('./commands/authenticate.js'),
    },
  ],
  'Find components and look at them:': [
    {
      name: 'list-components',
      summary: 'lists components',
      example: 'itkdb list-components --component-type MODULE --site CERN',
      load: () => import('./commands/list-components.js'),
    },
    {
      name: 'get-component-info',
      summary: 'shows all data of components',
      example: 'itkdb get-component-info 20USBML1234567',
      load: () => import('./commands/get-component-info.js'),
    },
    {
      name: 'tree',
      summary: 'shows what a component is made of',
      example: 'itkdb tree 20USBML1234567',
      load: () => import('./commands/tree.js'),
    },
    {
      name: 'tests',
      summary: 'lists the test runs of components',
      example: 'itkdb tests 20USBML1234567 --failed',
      load: () => import('./commands/tests.js'),
    },
    {
      name: 'plot',
      summary: 'draws a test run, such as an IV curve',
      example: 'itkdb plot 20USBML1234567 --test-type MODULE_IV_PS_V1',
      load: () => import('./commands/plot.js'),
    },
    {
      name: 'report',
      summary: 'writes a web page about a component',
      example: 'itkdb report 20USBML1234567',
      load: () => import('./commands/report.js'),
    },
    {
      name: 'download',
      summary: 'downloads the attachments of components',
      example: 'itkdb download 20USBML1234567 --into photos',
      load: () => import('./commands/download.js'),
    },
  ],
  'Change components:': [
    {
      name: 'register',
      summary: 'registers the components of a CSV file',
      example: 'itkdb register modules.csv --dry-run',
      load: () => import('./commands/register.js'),
    },
    {
      name: 'stage',
      summary: 'moves components to a stage',
      example: 'itkdb stage BONDED 20USBML1234567',
      load: () => import('./commands/stage.js'),
    },
    {
      name: 'template',
      summary: 'prints a test run to fill in, for upload',
      example: 'itkdb template 20USBML1234567 GLUE_WEIGHT > run.json',
      load: () => import('./commands/template.js'),
    },
    {
      name: 'upload',
      summary: 'uploads test runs from JSON files',
      example: 'itkdb upload run.json',
      load: () => import('./commands/upload.js'),
    },
    {
      name: 'add-comment',
      summary: 'adds a comment to components',
      example: 'itkdb add-comment 20USBML1234567 -m "scratch on the edge"',
      load: () => import('./commands/add-comment.js'),
    },
    {
      name: 'add-attachment',
      summary: 'attaches a file, such as a photo, to a component',
      example: 'itkdb add-attachment 20USBML1234567 -f photo.jpg',
      load: () => import('./commands/add-attachment.js'),
    },
    {
      name: 'eos',
      summary: 'uploads or deletes a file of the file store EOS',
      example: 'itkdb eos upload -t TOKEN -p /eos/PATH -f photo.jpg',
      load: () => import('./commands/eos.js'),
    },
  ],
  'Look up names and codes:': [
    {
      name: 'list-institutes',
      summary: 'lists the institutions',
      example: 'itkdb list-institutes',
      load: () => import('./commands/list-institutes.js'),
    },
    {
      name: 'list-projects',
      summary: 'lists the projects, such as S for strips',
      example: 'itkdb list-projects',
      load: () => import('./commands/list-projects.js'),
    },
    {
      name: 'list-component-types',
      summary: 'lists the types of components',
      example: 'itkdb list-component-types --project P',
      load: () => import('./commands/list-component-types.js'),
    },
    {
      name: 'list-test-types',
      summary: 'lists the types of tests',
      example: 'itkdb list-test-types --component-type MODULE',
      load: () => import('./commands/list-test-types.js'),
    },
    {
      name: 'list-all-attachments',
      summary: 'lists the attachments of the whole database',
      example: 'itkdb list-all-attachments --limit 20',
      load: () => import('./commands/list-all-attachments.js'),
    },
    {
      name: 'summary',
      summary: 'shows institutions, component types and test types',
      example: 'itkdb summary --project S',
      load: () => import('./commands/summary.js'),
    },
    {
      name: 'stats',
      summary: 'shows how much is in the database',
      example: 'itkdb stats',
      load: () => import('./commands/stats.js'),
    },
  ],
  'Send any command to the database:': [
    {
      name: 'get',
      summary: 'sends a command that reads',
      example: 'itkdb get getComponent component=20USBML1234567',
      load: () => import('./commands/get.js'),
    },
    {
      name: 'post',
      summary: 'sends a command that writes',
      example: 'itkdb post setComponentStage --input stage.json --dry-run',
      load: () => import('./commands/post.js'),
    },
  ],
  'Other:': [
    {
      name: 'cache',
      summary: 'shows the size of the cache, or empties it',
      example: 'itkdb cache clear',
      load: () => import('./commands/cache.js'),
    },
    {
      name: 'serve',
      summary: 'starts a test database with made-up components',
      example: 'itkdb serve',
      load: () => import('./commands/serve.js'),
    },
    {
      name: 'completion',
      summary: 'prints a script that completes commands in your shell',
      example: 'itkdb completion bash',
      load: () => import('./commands/completion.js'),
    },
  ],
};
