import type { UserInfo } from '../registry/strategy.ts';
import { withAuthenticatedGroup } from './service-account.ts';

/** `--token-auth-file`: records of token, user, uid and, quoted, groups separated by commas. A later record of a token replaces an earlier one. */
export function parseTokenFile(text: string, path: string): ReadonlyMap<string, UserInfo> {
  const tokens = new Map<string, UserInfo>();
  for (const [token = '', username, uid, groups] of parseCsv(text, path)) {
    if (username === undefined || uid === undefined) {
      const found = [token, username, uid].filter((column) => column !== undefined).length;
      throw new Error(`token file '${path}' must have at least 3 columns (token, user name, user uid), found ${found}`);
    }
    if (token === '') continue;
    tokens.set(
      token,
      withAuthenticatedGroup({
        username,
        ...(uid === '' ? {} : { uid }),
        groups: groups === undefined ? [] : groups.split(','),
      }),
    );
  }
  return tokens;
}

/** RFC 4180, with empty lines left out as Go's reader does. */
function parseCsv(text: string, path: string): string[][] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let record: string[] = [];
  while (field.lastIndex < text.length || record.length > 0) {
    const match = field.exec(text);
    if (match === null)
      throw new Error(`token file '${path}': a quote stands where none may be, in record ${records.length + 1}`);
    const [, quoted, plain = '', end] = match;
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    if (record.length > 1 || quoted !== undefined || plain !== '') records.push(record);
    record = [];
    if (field.lastIndex >= text.length) break;
  }
  return records;
}
