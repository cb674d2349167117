import { parse } from 'yaml';

/** YAML by its media type; else one JSON document, a stream of them (a line each) as an array, or the text as it is. Nothing at all is null. */
export function parseBody(text: string, contentType = ''): unknown {
  if (text === '') return null;
  if (contentType === 'application/yaml') return parse(text);
  try {
    return JSON.parse(text);
  } catch {
    // Not one document: a watch's stream of them, or plain text.
  }
  try {
    const lines = text.trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as unknown);
  } catch {
    return text;
  }
}
