import { User } from '../auth/user.js';
import { Client } from '../client/client.js';
import { warningLine } from '../client/warnings.js';
import { cacheFolder } from '../config/places.js';
import type { Cli } from './cli.js';
import { withoutPrefix } from './explain-exception.js';
import type { GlobalOptions } from './program.js';

/** What writes a line to stderr. */
type Sayer = Pick<Cli, 'say'>;

/** Creates the client of the options of the command line, over the environment, `.env` and the user's settings. */
export function createClient(options: GlobalOptions, sayer: Sayer): Client {
  const user = createUser(options, sayer);
  const logger = options.debug ? loggerTo(sayer) : undefined;
  return new Client({
    ...{ user, logger },
    onWarning: (warning) => sayer.say(`itkdb: warning: ${withoutPrefix(warningLine(warning))}`),
    prefixUrl: options.siteUrl,
    cache: options.cache ? cacheFolder() : false,
  });
}

/** Creates the user of the options of the command line. */
export function createUser(options: GlobalOptions, sayer: Sayer): User {
  const { accessCode1, accessCode2, authUrl, siteUrl, saveAuth, debug } = options;
  return new User({
    ...{ accessCode1, accessCode2, saveAuth, logger: debug ? loggerTo(sayer) : undefined },
    ...{ prefixUrl: authUrl, apiUrl: siteUrl },
  });
}

function loggerTo(sayer: Sayer): Record<'debug' | 'info' | 'warn' | 'error', (line: string) => void> {
  const say = (line: string): void => sayer.say(line);
  return { debug: say, info: say, warn: say, error: say };
}
