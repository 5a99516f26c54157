import type { ComponentObject } from '../../commands/shapes.js';
import { FILLED_STRING } from '../../config/check-options.js';
import { checkWrite, refuseProblems, type WriteOptions } from '../writes/checks.js';
import { titleOf } from './component-name.js';
import type { WriteContext } from './definitions.js';
import {
  checkInput,
  checkRegistration,
  findRegistered,
  type Key,
  type RegisterInput,
  sendRegistration,
} from './registration.js';

/** Options of `components.register`. */
export interface RegisterOptions extends WriteOptions {
  /**
   * The code of a property of the input that no other component has. A component without a serial number is recognised by it
   * where the response is lost. @defaultValue a property that its definition calls unique
   */
  key?: string | undefined;
}

/** See `components.register`. */
export async function register(
  context: WriteContext,
  given: RegisterInput,
  options: RegisterOptions,
): Promise<ComponentObject> {
  const subject = 'client.components.register';
  const { key: code, ...call } = checkWrite(subject, options, "{ key: 'LOCALNAME' }", { key: FILLED_STRING });
  const { input, uniqueCodes, problems } = await checkRegistration(context, checkInput(subject, given), call);
  const keyCode = code ?? uniqueCodes[0];
  const value = (input.properties as Record<string, unknown> | undefined)?.[keyCode ?? ''];
  if (code !== undefined && (value === undefined || value === null))
    refuseProblems(subject, [...problems, `the input has no property ${code}, which is the \`key\``]);
  refuseProblems(subject, problems);
  const key: Key | undefined = keyCode === undefined ? undefined : { code: keyCode, value };
  // What is there before the write is not the result of a lost response.
  const taken = await findRegistered(context.client, input, key, call);
  const name =
    input.serialNumber === undefined ? `value of ${keyCode}` : `serial number ${input.serialNumber}`;
  refuseProblems(
    subject,
    taken.map((one) => `${titleOf(one)} has the ${name} already; its state is ${one.state}`),
  );
  return sendRegistration(subject, context, input, key, call);
}
