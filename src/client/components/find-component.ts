import { BadRequest } from '../../exceptions/response.js';
import { saysMissing } from '../bulk/failures.js';
import { formOf, type IdentifierForm } from '../identifiers.js';
import type { CallOptions } from '../options.js';
import type { ResourceContext } from '../resources/resource.js';

/** The input of `getComponent` besides the identifier. */
export interface FindInput {
  readonly outputType?: 'full' | 'object' | undefined;
  readonly noEosToken?: boolean | undefined;
}

/** A component, or the refusal of the database where there is none. */
export type Found<T> =
  | { readonly component: T; readonly refusal?: undefined }
  | { readonly component?: undefined; readonly refusal: BadRequest };

/** Whether an identifier is looked up as an alternative one, in the order of the requests. */
const ATTEMPTS: Readonly<Record<IdentifierForm, readonly boolean[]>> = {
  id: [false],
  code: [false],
  serialNumber: [false, true],
  other: [true, false],
};

/**
 * Reads a component. Where the database does not know an identifier as it is, it is asked for the alternative identifier,
 * or the other way round: one more request at most.
 */
export async function findComponent<T>(
  client: ResourceContext['client'],
  identifier: string,
  call: Omit<CallOptions, 'data' | 'json'>,
  input: FindInput = {},
): Promise<Found<T>> {
  const form = formOf(identifier);
  let refusal: BadRequest | undefined;
  for (const isAlternative of ATTEMPTS[form]) {
    const data = { component: identifier, ...input, ...(isAlternative && { alternativeIdentifier: true }) };
    try {
      return { component: (await client.get('getComponent', { ...call, data })) as T };
    } catch (error) {
      if (!(error instanceof BadRequest && saysMissing(error))) throw error;
      refusal ??= error;
    }
  }
  return { refusal: explain(refusal as BadRequest, identifier, form) };
}

const WHAT: Readonly<Record<IdentifierForm, string>> = {
  id: 'with the id',
  code: 'with the code',
  serialNumber: 'with the serial number or the alternative identifier',
  other: 'with the alternative identifier or the serial number',
};

/** Says what was looked for in the first line of the message. */
function explain(refusal: BadRequest, identifier: string, form: IdentifierForm): BadRequest {
  const { request, ...response } = refusal.response;
  return new BadRequest({ ...response, config: request }, undefined, {
    reason: `there is no component ${WHAT[form]} ${identifier}`,
    cause: refusal,
  });
}
