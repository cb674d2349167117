import type { IncomingMessage } from 'node:http';
import { fromBytes } from '../../../files/byte-text.ts';
import { FileError } from '../../../files/file-tree.ts';
import type { ProgramContext } from '../../process.ts';
import type { Answer } from '../http-service.ts';

/** The field `file` of a form with several parts goes into /uploads. */
export async function takeUpload(
  { files, random }: ProgramContext,
  request: IncomingMessage,
  log: (message: string) => void,
): Promise<Answer> {
  log('GET /upload');
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const boundary = /boundary="?([^";]+)"?/.exec(request.headers['content-type'] ?? '')?.[1];
  const text = boundary === undefined ? undefined : fieldOf(Buffer.concat(parts).toString('latin1'), boundary, 'file');
  if (text === undefined) {
    log('Unable to upload file: http: no such file');
    return { body: JSON.stringify({ error: 'Unable to upload file.' }) };
  }
  const path = `/uploads/upload${Math.floor(random.next() * 1e9)}`;
  try {
    files.write(path, fromBytes(Buffer.from(text, 'latin1')), { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    log(`Unable to open file for write: ${error.message}`);
    return { body: JSON.stringify({ error: 'Unable to open file for write' }) };
  }
  log(`Wrote upload to ${path}`);
  return { status: 201, body: JSON.stringify({ output: path }) };
}

function fieldOf(body: string, boundary: string, field: string): string | undefined {
  for (const part of body.split(`--${boundary}`)) {
    const end = part.indexOf('\r\n\r\n');
    if (end >= 0 && part.slice(0, end).includes(`name="${field}"`)) return part.slice(end + 4).replace(/\r\n$/, '');
  }
  return undefined;
}
