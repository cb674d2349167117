/** `spec.ports[0].nodePort`, `items[*].status`, `metadata.annotations["a.b/c"]` as single steps. */
export function pathSteps(path: string): string[] {
  return [...path.matchAll(/\["([^"]*)"\]|\[([^\]]*)\]|([^.[\]]+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

export function valueAt(value: unknown, path: string): unknown {
  return pathSteps(path).reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined),
    value,
  );
}
