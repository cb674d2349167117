import { sleep } from '../../../client/sleep.ts';
import { FileError, type FileStat, type FileTree } from '../../../files/file-tree.ts';
import { resolvePath } from '../../../files/path.ts';
import type { ProgramContext } from '../../process.ts';
import type { CommandProgram } from './command.ts';

const initialContent = 'mount-tester new file\n';
const pollMs = 2000;

/** As statfs gives them; what is not named here is shown as tmpfs is not. */
const magicNumbers: Readonly<Record<string, number>> = {
  overlay: 2_035_054_128,
  overlayfs: 2_035_054_128,
  ext4: 61_267,
};

const errorTexts: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EROFS: 'read-only file system',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
};

/** As Go prints a file's mode. */
export function modeText({ type, mode }: Pick<FileStat, 'type' | 'mode'>): string {
  const kind = type === 'directory' ? 'd' : type === 'link' ? 'L' : '';
  const special = `${mode & 0o4000 ? 'u' : ''}${mode & 0o2000 ? 'g' : ''}${mode & 0o1000 ? 't' : ''}`;
  return `${kind}${special}`.padStart(1, '-') + permissionText(mode);
}

function permissionText(mode: number): string {
  return [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-')).join('');
}

/** Looks at files and makes them, in the order of upstream's image. */
export const mounttest: CommandProgram = async (context, flags) => {
  const { stdout } = context;
  context.umask = 0;
  const tester = createTester(context);
  let failures = 0;
  const steps: readonly (readonly [flag: string, look: (path: string) => void])[] = [
    ['fs_type', tester.fsType],
    ['new_file_0644', (path) => tester.newFile(path, 0o644)],
    ['new_file_0666', (path) => tester.newFile(path, 0o666)],
    ['new_file_0660', (path) => tester.newFile(path, 0o660)],
    ['new_file_0777', (path) => tester.newFile(path, 0o777)],
    ['file_mode', tester.mode],
    ['file_perm', tester.permissions],
    ['file_owner', tester.owner],
    ['file_content', tester.content],
  ];
  for (const [flag, look] of steps) {
    const path = flags.text(flag);
    if (path === '') continue;
    try {
      look(path);
    } catch (error) {
      if (!(error instanceof LookError)) throw error;
      stdout.write(`${error.message}\n`);
      failures++;
    }
  }
  const path = flags.text('file_content_in_loop');
  if (path !== '') {
    const isOver = await tester.contentInLoop(
      path,
      flags.number('retry_time') * 1000,
      flags.isSet('break_on_expected_content'),
    );
    if (!isOver) failures++;
  }
  return failures > 0 ? 1 : 0;
};

/** By the longest place of /proc/mounts that the path is in. */
function fsTypeAt(files: FileTree, path: string): string {
  const rows = (files.read('/proc/self/mounts') ?? '').split('\n').map((line) => line.split(' '));
  const around = rows.filter(([, place = '']) => place === '/' || path === place || path.startsWith(`${place}/`));
  const [row] = around.toSorted(([, a = ''], [, b = '']) => b.length - a.length);
  return row?.[2] ?? files.type;
}

class LookError extends Error {}

interface Tester {
  fsType(path: string): void;
  newFile(path: string, mode: number): void;
  mode(path: string): void;
  permissions(path: string): void;
  owner(path: string): void;
  content(path: string): void;
  contentInLoop(path: string, retryMs: number, breaks: boolean): Promise<boolean>;
}

function createTester({ files, cwd, clock, killed, stdout }: ProgramContext): Tester {
  const at = (path: string): string => resolvePath(cwd, path);
  const print = (text: string): void => stdout.write(`${text}\n`);
  const quoted = JSON.stringify;
  const reason = (call: string, path: string, error: unknown): string => {
    const code = error instanceof FileError ? error.code : 'ENOENT';
    return `${call} ${path}: ${errorTexts[code] ?? code}`;
  };
  const statOf = (path: string, call: string): FileStat => {
    const stat = files.stat(at(path));
    if (stat === undefined)
      throw new LookError(
        `error from ${call}(${quoted(path)}): ${call === 'Stat' ? reason('stat', path, undefined) : errorTexts['ENOENT']}`,
      );
    return stat;
  };
  const read = (path: string): string => {
    const text = files.read(at(path));
    if (text === undefined) throw new FileError(files.isDirectory(at(path)) ? 'EISDIR' : 'ENOENT', path);
    return text;
  };
  const content = (path: string): void => {
    let text: string;
    try {
      text = read(path);
    } catch (error) {
      const call = error instanceof FileError && error.code === 'EISDIR' ? 'read' : 'open';
      throw new LookError(`error reading file content for ${quoted(path)}: ${reason(call, path, error)}`);
    }
    print(`content of file ${quoted(path)}: ${text}`);
  };
  return {
    fsType: (path) => {
      statOf(path, 'statfs');
      const type = fsTypeAt(files, at(path));
      print(`mount type of ${quoted(path)}: ${type === 'tmpfs' ? type : (magicNumbers[type] ?? 61_267)}`);
    },
    newFile: (path, mode) => {
      try {
        files.write(at(path), initialContent, { mode });
      } catch (error) {
        throw new LookError(`error writing new file ${quoted(path)}: ${reason('open', path, error)}`);
      }
      content(path);
    },
    mode: (path) => print(`mode of file ${quoted(path)}: ${modeText(statOf(path, 'Stat'))}`),
    permissions: (path) => print(`perms of file ${quoted(path)}: -${permissionText(statOf(path, 'Stat').mode)}`),
    owner: (path) => {
      const { uid, gid } = statOf(path, 'stat');
      print(`owner UID of ${quoted(path)}: ${uid}\nowner GID of ${quoted(path)}: ${gid}`);
    },
    content,
    contentInLoop: async (path, retryMs, breaks) => {
      let isRead = false;
      for (
        const start = clock.now();
        clock.now() - start < retryMs && !killed.aborted;
        await sleep(clock, pollMs, killed)
      ) {
        isRead = false;
        let text: string;
        try {
          text = read(path);
        } catch (error) {
          print(`Error reading file ${path}: ${reason('open', path, error)}, retrying`);
          continue;
        }
        isRead = true;
        print(`content of file ${quoted(path)}: ${text}`);
        if (!breaks) continue;
        if (text === initialContent) break;
        print(`Unexpected content. Expected: ${initialContent}. Retrying`);
      }
      return isRead;
    },
  };
}
