/* Little files, each as small as it can be and still be what it says, and how they are uploaded and
 * fetched. */
import { randomBytes } from 'node:crypto';

const text = (...pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'latin1')));
const base64 = (value) => Buffer.from(value, 'base64');

export const PNG = base64('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD' +
    'hgGAWjR9awAAAABJRU5ErkJggg==');
export const GIF = base64('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7');
export const JPEG = Buffer.concat([
    Buffer.from('ffd8ffe000104a46494600010100000100010000ffdb004300', 'hex'),
    Buffer.alloc(64, 1), Buffer.from('ffd9', 'hex')]);
export const WAV = Buffer.concat([
    text('RIFF'), Buffer.from('2c000000', 'hex'), text('WAVEfmt '),
    Buffer.from('1000000001000100401f0000401f000001000800', 'hex'), text('data'),
    Buffer.from('08000000', 'hex'), Buffer.alloc(8, 128)]);
export const MP3 = Buffer.concat([
    text('ID3'), Buffer.from('03000000000000', 'hex'),
    ...Array(4).fill(Buffer.concat([Buffer.from('fffb9064', 'hex'), Buffer.alloc(413)]))]);
export const SVG = text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
export const SVG_PROLOG = text('<?xml version="1.0"?>\n<!-- x -->\n', SVG);
export const HTML = text('<!DOCTYPE html><html><script>alert(1)</script></html>');
export const HTML_SPACED = text('\xef\xbb\xbf  \r\n\t', HTML);
export const SCRIPT = text('alert(document.domain);\n');
export const POLYGLOT = text('GIF89a/*', Buffer.alloc(8), '*/=1;/*<script>alert(1)</script>*/');
export const PDF = text('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');

/* Bytes that are nothing known, nor the same twice. */
export const noise = (n) => Buffer.concat([Buffer.from('noise\xff\xfe', 'latin1'),
    randomBytes(Math.max(0, n - 7))]).subarray(0, n);

/* A multipart body by hand, for what no honest client sends. */
export function multipart(parts, { boundary = 'XbX', end = `--${boundary}--\r\n` } = {}) {
    const pieces = parts.flatMap(([head, body]) =>
        [Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')]);
    return Buffer.concat([...pieces, Buffer.from(end)]);
}

export const headOf = (filename, more = '') =>
    `Content-Disposition: form-data; name="file"; filename="${filename}"${more}`;

/* Uploads the raw body. */
export const putRaw = (server, who, body, headers = {}) =>
    fetch(`http://${server.http}/uploads`, { method: 'POST', body,
        headers: { ...(who && { Authorization: `Bearer ${who.token}` }), ...headers } });

/* Uploads as a form does. */
export function putForm(server, who, body, name = 'photo123.jpg', type = 'image/jpeg') {
    const form = new FormData();
    form.append('file', new Blob([body], { type }), name);
    return putRaw(server, who, form);
}

/* Uploads what must be taken: { media_url, media_type, size }. */
export async function upload(server, who, body) {
    const answer = await putForm(server, who, body);
    if (answer.status !== 201) {
        throw new Error(`${answer.status}: ${await answer.text()}`);
    }
    return answer.json();
}

export const get = (server, path, headers = {}, method = 'GET') =>
    fetch(`http://${server.http}${path}`, { method, headers, redirect: 'manual' });

export const bytesOf = async (answer) => Buffer.from(await answer.arrayBuffer());
