import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One operation of the published documents. */
export interface Operation {
  readonly method: string;
  readonly template: string;
  readonly id: string;
  readonly groupVersion: string;
  readonly resource: string;
  /** Names of query parameters. */
  readonly parameters: readonly string[];
}

interface DocumentParameter {
  readonly name: string;
  readonly in: string;
}

interface PathItem {
  readonly parameters?: readonly DocumentParameter[];
  readonly [method: string]: unknown;
}

const methods = ['get', 'put', 'post', 'patch', 'delete', 'options', 'head'];

/** `/api/v1/…` is `v1`, `/apis/apps/v1/…` is `apps/v1`; everything that has no version is `(server)`. */
function groupVersionOf(segments: readonly string[]): string {
  if (segments[0] === 'api' && segments[1] !== undefined) return segments[1];
  if (segments[0] === 'apis' && segments[2] !== undefined) return `${segments[1]}/${segments[2]}`;
  return '(server)';
}

function resourceOf(segments: readonly string[]): string {
  const start = segments[0] === 'api' ? 2 : 3;
  const rest = segments.slice(start).filter((segment) => segment !== 'watch');
  if (rest[0] === 'namespaces' && rest.length > 2 && !['status', 'finalize'].includes(rest[2] ?? '')) rest.splice(0, 2);
  return rest[0] ?? (segments.join('/') || '/');
}

/** Every operation of the OpenAPI documents, in their order. */
export function loadOperations(folder: string): Operation[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => {
      const { paths } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { paths: Record<string, PathItem> };
      return Object.entries(paths).flatMap(([template, item]) => operationsOf(template, item));
    });
}

function operationsOf(template: string, item: PathItem): Operation[] {
  const segments = template.split('/').filter((segment) => segment !== '');
  return methods.flatMap((method) => {
    const operation = item[method] as { operationId: string; parameters?: readonly DocumentParameter[] } | undefined;
    if (operation === undefined) return [];
    const all = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
    const parameters = all.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
    return [
      {
        method: method.toUpperCase(),
        template,
        id: operation.operationId,
        groupVersion: groupVersionOf(segments),
        resource: resourceOf(segments),
        parameters,
      },
    ];
  });
}

interface Branch {
  readonly fixed: Map<string, Branch>;
  any: Branch | undefined;
  /** `{path}` takes the rest. */
  rest: Map<string, Operation> | undefined;
  readonly operations: Map<string, Operation>;
}

function newBranch(): Branch {
  return { fixed: new Map(), any: undefined, rest: undefined, operations: new Map() };
}

function insert(root: Branch, operation: Operation): void {
  let at = root;
  for (const segment of operation.template.split('/').filter((s) => s !== '')) {
    if (segment === '{path}' || segment === '{logpath}') {
      at.rest ??= new Map();
      at.rest.set(operation.method, operation);
      return;
    }
    if (segment.startsWith('{')) {
      at.any ??= newBranch();
      at = at.any;
      continue;
    }
    const next = at.fixed.get(segment) ?? newBranch();
    at.fixed.set(segment, next);
    at = next;
  }
  at.operations.set(operation.method, operation);
}

function find(branch: Branch, segments: readonly string[], method: string): Operation | undefined {
  const [first, ...others] = segments;
  if (first === undefined) return branch.operations.get(method);
  const fixed = branch.fixed.get(first);
  const found = fixed === undefined ? undefined : find(fixed, others, method);
  if (found !== undefined) return found;
  const any = branch.any === undefined ? undefined : find(branch.any, others, method);
  return any ?? branch.rest?.get(method);
}

/** Finds the operation that a request belongs to: fixed segments win over parameters. */
export function operationFinder(
  operations: readonly Operation[],
): (method: string, path: string) => Operation | undefined {
  const root = newBranch();
  for (const operation of operations) insert(root, operation);
  return (method, path) => {
    const [plain = ''] = path.split('?');
    return find(
      root,
      plain.split('/').filter((s) => s !== ''),
      method,
    );
  };
}
