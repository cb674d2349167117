import { FileError, type FileTree } from '../files/file-tree.ts';
import type { Piece } from './fields.ts';
import { isPattern, Pattern } from './pattern.ts';

/** Names that are tried in one go: a pattern over a big tree ends in time. */
const maxPaths = 10_000;

/** The paths of files that a pattern matches, sorted. */
export function matchingPaths(
  field: readonly Piece[],
  full: (path: string) => string,
  { files, hasDots }: { readonly files: FileTree; readonly hasDots: boolean },
): string[] {
  const segments = segmentsOf(field);
  const isAbsolute = segments[0]?.length === 0 && segments.length > 1;
  let found = [isAbsolute ? '/' : ''];
  for (const [index, segment] of (isAbsolute ? segments.slice(1) : segments).entries()) {
    const isLast = index === segments.length - 1 - Number(isAbsolute);
    found = found.flatMap((before) => grow(before, segment, { full, files, isLast, hasDots })).slice(0, maxPaths);
  }
  return found.toSorted();
}

/** Cut at slashes. */
function segmentsOf(field: readonly Piece[]): Piece[][] {
  const segments: Piece[][] = [[]];
  for (const piece of field) {
    for (const [index, text] of piece.text.split('/').entries()) {
      if (index > 0) segments.push([]);
      if (text !== '') segments.at(-1)?.push({ ...piece, text });
    }
  }
  return segments;
}

interface Place {
  readonly full: (path: string) => string;
  readonly files: FileTree;
  readonly isLast: boolean;
  /** `.` and `..` are names, too. */
  readonly hasDots: boolean;
}

function grow(before: string, segment: readonly Piece[], { full, files, isLast, hasDots }: Place): string[] {
  const text = segment.map((piece) => piece.text).join('');
  const end = isLast ? '' : '/';
  if (!segment.some((piece) => !piece.quoted && isPattern(piece.text))) {
    const plain = before + text;
    return plain === '' || text === '' || exists(files, full(plain), !isLast) ? [plain + end] : [];
  }
  const pattern = new Pattern(segment);
  const isHiddenWanted = text.startsWith('.');
  const names = namesIn(files, full(before === '' ? '.' : before));
  return (hasDots && isHiddenWanted ? ['.', '..', ...names] : names)
    .filter((name) => (isHiddenWanted || !name.startsWith('.')) && pattern.test(name))
    .filter((name) => isLast || files.isDirectory(full(before + name)))
    .map((name) => before + name + end);
}

function exists(files: FileTree, path: string, isFolder: boolean): boolean {
  try {
    return isFolder ? files.isDirectory(path) : files.lstat(path) !== undefined;
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}

function namesIn(files: FileTree, path: string): readonly string[] {
  try {
    return files.list(path);
  } catch (error) {
    if (error instanceof FileError) return [];
    throw error;
  }
}
