import type { ShellProgram } from '../../shell-process.ts';
import { vi } from './vi.ts';

export const editorTools: Readonly<Record<string, ShellProgram>> = { vi, vim: vi };
