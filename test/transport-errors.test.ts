import { describe, expect, it } from 'vitest';
import { toTransportException } from '../src/http/transport/errors.js';
import { ITkDBException, NotFound } from '../src/index.js';

const request = {
  method: 'get',
  url: 'https://host.example/x?authz=secret-token',
  headers: { authorization: 'Bearer opaque-bearer' },
};

const lowLevel = (code: string, message = `low-level ${code}`): Error =>
  Object.assign(new Error(message), { code });

describe('a low-level error becomes', () => {
  it.each([
    ['ECONNREFUSED', 'ConnectionRefused'],
    ['ENOTFOUND', 'HostNotFound'],
    ['EAI_AGAIN', 'HostNotFound'],
    ['ETIMEDOUT', 'Timeout'],
    ['ESOCKETTIMEDOUT', 'Timeout'],
    ['ECONNRESET', 'ConnectionReset'],
    ['ECONNABORTED', 'ConnectionReset'],
    ['EPIPE', 'ConnectionReset'],
    ['ERR_STREAM_PREMATURE_CLOSE', 'ConnectionReset'],
    ['EHOSTUNREACH', 'ConnectionFailed'],
    ['ENETUNREACH', 'ConnectionFailed'],
    ['EUNKNOWN', 'ConnectionFailed'],
    ['CERT_HAS_EXPIRED', 'TlsFailure'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TlsFailure'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'TlsFailure'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TlsFailure'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'TlsFailure'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TlsFailure'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TlsFailure'],
    ['EPROTO', 'TlsFailure'],
    ['HPE_INVALID_CONSTANT', 'InvalidResponse'],
    ['HPE_HEADER_OVERFLOW', 'InvalidResponse'],
    ['Z_DATA_ERROR', 'InvalidResponse'],
    ['Z_BUF_ERROR', 'InvalidResponse'],
    ['ERR_BAD_OPTION_VALUE', 'InvalidInvocation'],
    ['ERR_BAD_REQUEST', 'InvalidInvocation'],
    ['ERR_INVALID_CHAR', 'InvalidInvocation'],
    ['ERR_UNESCAPED_CHARACTERS', 'InvalidInvocation'],
  ])('%s → %s', (code, name) => {
    const exception = toTransportException(lowLevel(code), request);
    expect(exception).toBeInstanceOf(ITkDBException);
    expect(exception.name).toBe(name);
    expect(exception.cause).toMatchObject({ message: `low-level ${code}`, code });
    expect(exception.message).toMatch(/^GET https:\/\/host\.example\/x\?authz=<TOKEN>/);
    expect(exception.message).toContain(`low-level ${code}`);
  });

  it.each([
    ['ECONNREFUSED', 'nothing listens there', /^Check the host and the port .*`prefixUrl`/],
    [
      'ENOTFOUND',
      'the host name does not resolve',
      /database is at itkpd\.unicornuniversity\.net .* uuidentity\./,
    ],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'does not know the authority', /NODE_EXTRA_CA_CERTS.*`ca`/],
    ['CERT_HAS_EXPIRED', 'certificate of the server has expired', /^Check the clock/],
    ['CERT_NOT_YET_VALID', 'is not valid yet', /^Check the clock/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'that of another host', /^Check the host name/],
    ['EPROTO', 'does not speak TLS', /^Check the port/],
    ['ECONNRESET', 'the connection broke off', undefined],
  ])('an exception that says what happened, and then what to do: %s', (code, happened, advice) => {
    const [first, second, ...more] = toTransportException(lowLevel(code), request).message.split('\n');
    expect(first).toMatch(/^GET https:\/\/host\.example\/x\?authz=<TOKEN> failed: .* \(low-level \w+\)$/);
    expect(first).toContain(happened);
    if (advice === undefined) expect(second).toBeUndefined();
    else expect(second).toMatch(advice);
    expect(more).toEqual([]);
  });

  it('an exception whose first line shows the start of a long URL', () => {
    const url = `https://host.example/${'x'.repeat(500)}`;
    const exception = toTransportException(lowLevel('ECONNRESET'), { ...request, url });
    expect(exception.summary).toMatch(/^GET https:\/\/host\.example\/x+… failed: the connection broke off/);
    expect(exception).toMatchObject({ url });
  });

  it.each(['stream has been aborted', 'aborted', 'socket hang up'])('%s → ConnectionReset', (message) => {
    expect(toTransportException(lowLevel('ERR_BAD_RESPONSE', message), request).name).toBe('ConnectionReset');
  });

  it('one exception for all addresses of a host', () => {
    const errors = [lowLevel('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'), lowLevel('ECONNREFUSED')];
    const exception = toTransportException(
      Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' }),
      request,
    );
    expect(exception).toMatchObject({
      name: 'ConnectionRefused',
      cause: { message: 'connect ECONNREFUSED ::1:1' },
    });
  });

  it('the same exception, if it is one of ours already', () => {
    const exception = new NotFound({ status: 404 });
    expect(toTransportException(exception, request)).toBe(exception);
  });

  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['text', 'text'],
    [{ cause: new Error('inner') }, 'inner'],
  ])('an exception, be it %j', (error, told) => {
    expect(toTransportException(error, {}).message).toBe(`the request failed: no connection (${told})`);
  });

  it('a message without the secrets of the request', () => {
    const exception = toTransportException(lowLevel('ECONNRESET', 'sent opaque-bearer, then broke'), request);
    expect(exception.message).not.toContain('opaque-bearer');
    expect(String(exception.cause)).not.toContain('opaque-bearer');
  });
});

describe('a signal that has fired', () => {
  it.each<[unknown, string]>([
    [new Error('no time'), 'no time'],
    [new DOMException('The operation timed out', 'TimeoutError'), 'The operation timed out'],
    ['text', 'the signal was aborted'],
    [undefined, 'the signal was aborted'],
  ])('goes before every other reason: %s', (reason, told) => {
    const signal = { aborted: true, reason };
    const exception = toTransportException(lowLevel('ECONNRESET'), { ...request, method: undefined, signal });
    expect(exception).toMatchObject({ name: 'Aborted', cause: reason });
    expect(exception.message).toBe(`GET https://host.example/x?authz=<TOKEN> was aborted: ${told}`);
  });
});
