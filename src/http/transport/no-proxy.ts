import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Tells whether a URL is requested without a proxy. */
export type IsDirect = (url: URL) => boolean;

/**
 * Reads `NO_PROXY`: entries separated by commas or white space. An entry is `*`, a host name that stands for its domain
 * (with or without a leading dot), an IP address, or a range of them (CIDR); names and addresses may have a port.
 * Addresses and ranges match literal addresses only: no name is resolved. An entry that is none of these matches nothing.
 */
export function parseNoProxy(text: string): IsDirect {
  const entries = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseEntry);
  return (url) => {
    const target: Target = {
      host: nameOf(url.hostname),
      port: url.port || (url.protocol === 'https:' ? '443' : '80'),
    };
    return entries.some((matches) => matches(target));
  };
}

interface Target {
  /** In lower case, without brackets and a trailing dot. */
  readonly host: string;
  readonly port: string;
}

type Matches = (target: Target) => boolean;

const ENTRY = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/;

function parseEntry(entry: string): Matches {
  if (entry === '*') return () => true;
  const range = parseRange(entry);
  if (range !== undefined) return range;
  const [, bracketed, plain, port] = ENTRY.exec(entry) ?? [];
  const host = bracketed ?? plain ?? '';
  const matches = matchAddress(host) ?? matchDomain(host);
  // `0443` is a port too.
  return (target) => (port === undefined || Number(port) === Number(target.port)) && matches(target);
}

/** An IPv6 address without brackets, or a range. */
function parseRange(entry: string): Matches | undefined {
  const [, address = '', bits] = /^\[?([^\]/]*)\]?(?:\/(\d+))?$/.exec(entry) ?? [];
  const family = isIP(address);
  if (family === 0) return undefined;
  if (bits === undefined) return matchAddress(address);
  if (Number(bits) > (family === 4 ? 32 : 128)) return () => false;
  const ranges = new BlockList();
  ranges.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return isIn(ranges);
}

function matchAddress(address: string): Matches | undefined {
  const family = isIP(address);
  if (family === 0) return undefined;
  const addresses = new BlockList();
  addresses.addAddress(address, family === 4 ? 'ipv4' : 'ipv6');
  return isIn(addresses);
}

function isIn(list: BlockList): Matches {
  return ({ host }) => {
    const family = isIP(host);
    return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function matchDomain(text: string): Matches {
  const name = nameOf(text.replace(/^\*?\./, ''));
  const domain = domainToASCII(name) || name;
  if (domain === '') return () => false;
  return ({ host }) => host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

function nameOf(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
