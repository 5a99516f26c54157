import { describe, expect, it } from 'vitest';
import { isEosWorthy, SNIFF_LENGTH, sniff } from '../../src/client/files/sniff.js';

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex');
const utf8 = (text: string): Buffer => Buffer.from(text);

describe('sniff', () => {
  it.each<[string, Buffer, string]>([
    ['a JPEG', hex('ffd8ffe0 0010 4a464946 00'), 'image/jpeg'],
    ['a PNG', hex('89504e470d0a1a0a 0000000d 49484452'), 'image/png'],
    ['a GIF', utf8('GIF89a\u0001\u0000'), 'image/gif'],
    ['a TIFF', hex(`49492a00 08000000 0100 0001 0300 ${'00'.repeat(40)}`), 'image/tiff'],
    ['a BMP', hex('424d 46000000 0000 0000 36000000 28000000'), 'image/bmp'],
    ['a WebP', utf8('RIFF\u0010\u0000\u0000\u0000WEBPVP8 '), 'image/webp'],
    ['a FITS', utf8('SIMPLE  =                    T / conforms'), 'image/fits'],
    ['a PPM', utf8('P6\n2 2\n255\n\u0000\u0000'), 'image/x-portable-pixmap'],
    ['an SVG', utf8('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image/svg+xml'],
    ['an SVG with a prolog', utf8('<?xml version="1.0"?>\n<!-- made by hand -->\n<svg/>'), 'image/svg+xml'],
    ['a PDF', utf8('%PDF-1.4\n%'), 'application/pdf'],
    ['a ZIP', hex('504b0304 14000000 0800 0000000000000000000000000000000001000000 61'), 'application/zip'],
    ['a gzip', hex('1f8b0800 00000000'), 'application/gzip'],
    ['an HDF5', hex('894844460d0a1a0a 00'), 'application/x-hdf5'],
    ['a file of ROOT', hex('726f6f74 0000f5c2 00000064'), 'application/octet-stream'],
    ['NULs', Buffer.alloc(100), 'application/octet-stream'],
    ['JSON', utf8('{"a": [1, 2]}\n'), 'application/json'],
    ['a page of HTML', utf8('<!DOCTYPE html><html></html>'), 'text/html'],
    ['XML', utf8('<?xml version="1.0"?><a/>'), 'text/xml'],
    ['CSV', utf8('a,b\n1,2\n3,"4,\n5"\n'), 'text/csv'],
    ['lines with commas here and there', utf8('a,b\n1\n3,4,5\n'), 'text/plain'],
    ['a script of the shell', utf8('#!/bin/bash\necho'), 'text/x-shellscript'],
    ['a script of Python', utf8('#!/usr/bin/env python3\n'), 'text/x-script.python'],
    ['text in UTF-8', utf8('Grüße aus Genf €'), 'text/plain'],
    ['text in Latin-1', Buffer.from('Grüße', 'latin1'), 'text/plain'],
    ['text in UTF-16', Buffer.concat([hex('fffe'), Buffer.from('hello', 'utf16le')]), 'text/plain'],
    ['text that starts like a BMP', utf8('BM of the module'), 'text/plain'],
    ['text that starts like an executable', utf8('MZ hello'), 'text/plain'],
    ['text that starts like a PPM', utf8('P6 is the name of a module'), 'text/plain'],
    ['nothing', Buffer.alloc(0), 'application/x-empty'],
  ])('knows %s by its contents', async (_, bytes, type) => {
    expect(await sniff(bytes)).toBe(type);
  });

  it('knows text whose last character is cut', async () => {
    expect(await sniff(utf8(`a${'€'.repeat(SNIFF_LENGTH)}`).subarray(0, SNIFF_LENGTH))).toBe('text/plain');
  });

  it('knows JSON by its start where it is long', async () => {
    expect(await sniff(utf8(JSON.stringify({ values: Array(10_000).fill(0.5) })))).toBe('application/json');
  });

  it('takes bytes that are part of a larger buffer', async () => {
    expect(await sniff(new Uint8Array(utf8('xxx%PDF-1.4').buffer, 0, 3))).not.toBe('application/pdf');
  });
});

describe('isEosWorthy', () => {
  it.each<[string, string, string, number, boolean]>([
    ['an image', 'image/png', 'x', 1, true],
    ['a file of ROOT', 'application/octet-stream', 'root\0', 5, true],
    ['text that starts like a file of ROOT', 'text/plain', 'roots', 5, true],
    ['64000 bytes', 'text/plain', 'x', 64_000, false],
    ['64001 bytes', 'text/plain', 'x', 64_001, true],
    ['a short text', 'text/plain', 'roo', 3, false],
  ])('judges %s', (_, type, start, size, expected) => {
    expect(isEosWorthy(type, utf8(start), size)).toBe(expected);
  });
});
