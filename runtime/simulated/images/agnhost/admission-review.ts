import type { ProgramContext } from '../../process.ts';

export interface Metadata {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An object as far as the handlers look at it. */
export interface Reviewed {
  readonly metadata?: Metadata;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly containers?: readonly { readonly name?: string }[];
    readonly initContainers?: readonly { readonly name?: string }[];
  };
  readonly stdin?: boolean;
  readonly container?: string;
}

export interface Request {
  readonly uid: string;
  readonly name?: string;
  readonly operation: string;
  readonly subResource?: string;
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly object?: Reviewed | null;
  readonly oldObject?: Reviewed | null;
}

export interface Response {
  readonly allowed: boolean;
  readonly status?: Readonly<Record<string, unknown>>;
  /** A JSON patch. */
  readonly patch?: readonly unknown[];
}

export interface Handling {
  readonly context: ProgramContext;
  readonly sidecarImage: string;
}

export const isResource = ({ resource }: Request, group: string, version: string, name: string): boolean =>
  resource.group === group && resource.version === version && resource.resource === name;
