/** `$(NAME)` is what `known` says, `$$` a dollar sign; a name it does not know, and everything else, stays as it stands. */
export function expanded(text: string, known: (name: string) => string | undefined): string {
  return text.replaceAll(/\$(\$|\(([^)]*)\))/g, (whole, first: string, name: string | undefined) => {
    if (first === '$') return '$';
    return known(name ?? '') ?? whole;
  });
}
