// Reads OpenAPI schemas as JSON on stdin, writes their TypeScript types to stdout.
import openapiTS, { astToString } from 'openapi-typescript';

let text = '';
for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;

const document = {
  openapi: '3.0.0',
  info: { title: 'Kubernetes', version: 'unversioned' },
  paths: {},
  components: { schemas: JSON.parse(text) },
};
process.stdout.write(astToString(await openapiTS(document, { alphabetize: true })));
