import { InvalidInvocation } from '../../exceptions/base.js';
import { isRecord } from '../../util/guards.js';

/** An institution, with all of its keys. Each value is null where the database does not say it. */
export interface InstitutionRecord {
  /** 24 hexadecimal digits. */
  id: string | null;
  /** Such as `CERN`: what filters take. */
  code: string | null;
  /** The name for people. */
  name: string | null;
  /** The name of the person who leads the work there. */
  supervisor: string | null;
  /** The postal address. */
  address: {
    building: string | null;
    street: string | null;
    city: string | null;
    state: string | null;
    /** The postal code: `zip` or `zipCode` of the database, as text. */
    zip: string | null;
  };
  /** How to reach it. `web` is a URL. */
  contacts: { email: string | null; phone: string | null; web: string | null };
  /** In degrees; north is positive. */
  latitude: number | null;
  /** In degrees; east is positive. */
  longitude: number | null;
  /** The component types that it works with, by project; empty where the database does not say it. */
  componentTypes: InstitutionProject[];
}

/** The component types of one project that an institution works with. Each value is null where the database does not say it. */
export interface InstitutionProject {
  /** The code of the project, such as `S`. */
  code: string | null;
  /** The name of the project, such as `Strips`. */
  name: string | null;
  /** The component types, with codes such as `MODULE`. */
  itemList: { id: string | null; code: string | null; name: string | null }[];
}

/**
 * Makes a record of an institution of which the database sent any part, under any spelling: each key is there, and null
 * where the database did not send it. Both `zip` and `zipCode`, and both `componentTypes` and `componentType`, are read.
 *
 * ```ts
 * const list = await client.list('listInstitutions').toArray();
 * for (const { code, address } of list.map(makeInstitution)) console.log(code, address.city);
 * ```
 *
 * @throws InvalidInvocation where `data` is not an object
 */
export function makeInstitution(data: object): InstitutionRecord {
  if (!isRecord(data))
    throw new InvalidInvocation('makeInstitution: the argument must be an institution: for a list use map');
  const address = recordOf(data['address']);
  const contacts = recordOf(data['contacts']);
  return {
    ...itemOf(data),
    supervisor: textOf(data['supervisor']),
    address: {
      building: textOf(address['building']),
      street: textOf(address['street']),
      city: textOf(address['city']),
      state: textOf(address['state']),
      zip: textOf(address['zip'] ?? address['zipCode']),
    },
    contacts: {
      email: textOf(contacts['email']),
      phone: textOf(contacts['phone']),
      web: textOf(contacts['web']),
    },
    latitude: numberOf(data['latitude']),
    longitude: numberOf(data['longitude']),
    componentTypes: listOf(data['componentTypes'] ?? data['componentType']).map((project) => ({
      code: textOf(project['code']),
      name: textOf(project['name']),
      itemList: listOf(project['itemList']).map(itemOf),
    })),
  };
}

function itemOf({ id, code, name }: Readonly<Record<string, unknown>>): {
  id: string | null;
  code: string | null;
  name: string | null;
} {
  return { id: textOf(id), code: textOf(code), name: textOf(name) };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function numberOf(value: unknown): number | null {
  const text = textOf(value)?.trim() ?? '';
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : null;
}
