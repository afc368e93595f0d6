import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readFirstBytes, showBytes } from './first-bytes.ts';

const tcp = { kind: 'tcp', port: 443 } as const;
const question = Buffer.from('123401000001000000000000046576696c076578616d706c650000010001', 'hex');

describe('the first bytes of an attempt', () => {
  it('show the host and the target of an HTTP request', () => {
    const bytes = Buffer.from('POST /up?a=b HTTP/1.1\r\nX: y\r\nHost: drop.example:80\r\n\r\nHost: body.example');
    expect(readFirstBytes(bytes, tcp)).toMatchObject({
      protocol: 'http',
      name: 'drop.example:80',
      request: 'POST /up?a=b',
    });
  });

  it('are not mistaken for HTTP if they only mention it', () => {
    expect(readFirstBytes(Buffer.from('say GET / HTTP/1.1'), tcp)).toMatchObject({
      protocol: 'tcp',
      request: null,
      name: null,
    });
  });

  it('show the name in a DNS query, over UDP and TCP', () => {
    const framed = Buffer.concat([Buffer.from([0, question.length]), question]);
    expect(readFirstBytes(question, { kind: 'udp', port: 53 })).toMatchObject({
      protocol: 'dns',
      name: 'evil.example',
    });
    expect(readFirstBytes(framed, { kind: 'tcp', port: 53 })).toMatchObject({ protocol: 'dns', name: 'evil.example' });
    expect(readFirstBytes(question.subarray(0, 20), { kind: 'udp', port: 53 })).toMatchObject({
      protocol: 'udp',
      name: null,
    });
  });

  it('are identified by content, not by port', () => {
    expect(readFirstBytes(Buffer.from('SSH-2.0-x\r\n'), tcp).protocol).toBe('ssh');
    expect(readFirstBytes(Buffer.from('EHLO box\r\n'), tcp).protocol).toBe('smtp');
    expect(readFirstBytes(Buffer.from([0x16, 3, 1, 0]), tcp)).toMatchObject({ protocol: 'tls', name: null });
  });

  it('are shown completely: line breaks are kept, and other control characters are escaped', () => {
    expect(showBytes(Buffer.from('a\tb\r\n\u001b[2J\\'))).toBe('a\tb\\x0d\n\\x1b[2J\\x5c');
    expect(showBytes(Buffer.from([0xff, 0x41]))).toBe('\\xffA');
  });

  it('are parsed without an exception, whatever they are', () => {
    const beginnings = fc.constantFrom('', '1603010200010001fc0303', '47455420', question.toString('hex').slice(0, 30));
    fc.assert(
      fc.property(
        beginnings,
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('tcp' as const, 'udp' as const),
        (start, rest, kind) => {
          const bytes = Buffer.concat([Buffer.from(start, 'hex'), rest]);
          for (const port of [53, 443]) readFirstBytes(bytes, { kind, port });
        },
      ),
    );
  });
});
