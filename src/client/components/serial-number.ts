import { InvalidInvocation } from '../../exceptions/base.js';

/** The parts of a serial number, such as `20USBML1234567`. */
export interface SerialNumberParts {
  /** The serial number in its usual form, of 14 characters. */
  readonly serialNumber: string;
  /** The code of the project: `S`, `P`, `CE` or `CM`. */
  readonly project: string;
  /** The code of the subproject, such as `SB`. */
  readonly subproject: string;
  /** The two characters that stand for the kind of component, such as `ML`. */
  readonly component: string;
  /** The last seven characters, such as `1234567`: mostly digits. */
  readonly number: string;
}

const SUBPROJECTS = ['PI', 'PB', 'PE', 'PG', 'SB', 'SE', 'SG', 'CE', 'CM'];
const LENGTH = 14;

/**
 * Reads a serial number, as a scanner or a person typed it: spaces, line ends and other control characters are left out,
 * and lower case becomes upper case.
 *
 * ```ts
 * parseSerialNumber('20usbml1234567\r\n').serialNumber; // '20USBML1234567'
 * ```
 *
 * @throws InvalidInvocation that says what is wrong
 */
export function parseSerialNumber(text: string): SerialNumberParts {
  const subject = 'parseSerialNumber';
  if (typeof text !== 'string') throw new InvalidInvocation(`${subject}: a serial number must be a text`);
  const plain = text.replaceAll(/[\s\p{Cc}\p{Cf}]/gu, '');
  // The code of a component may have a lower-case letter, such as `Ob`: only where the start is in upper case.
  const isUpper = /^20U[A-Z]{2}/.test(plain);
  const upper = plain.toUpperCase();
  const serialNumber = isUpper ? upper.slice(0, 5) + plain.slice(5, 7) + upper.slice(7) : upper;
  const fault = faultOf(serialNumber);
  if (fault !== undefined)
    throw new InvalidInvocation(`${subject}: ${JSON.stringify(text)} is not a serial number: ${fault}`);
  const subproject = serialNumber.slice(3, 5);
  return {
    serialNumber,
    project: subproject.startsWith('C') ? subproject : subproject.slice(0, 1),
    subproject,
    component: serialNumber.slice(5, 7),
    number: serialNumber.slice(7),
  };
}

function faultOf(serialNumber: string): string | undefined {
  if (serialNumber === '') return 'it is empty';
  const wrong = /[^0-9A-Za-z]/u.exec(serialNumber)?.[0];
  if (wrong !== undefined) return `it has the character ${JSON.stringify(wrong)}`;
  if (!serialNumber.startsWith('20U')) return 'it must start with 20U';
  if (serialNumber.length !== LENGTH)
    return `it has ${serialNumber.length} characters; there must be ${LENGTH}`;
  const subproject = serialNumber.slice(3, 5);
  if (SUBPROJECTS.includes(subproject)) return undefined;
  return `there is no subproject ${subproject}; the fourth and the fifth character must be one of ${SUBPROJECTS.join(', ')}`;
}
