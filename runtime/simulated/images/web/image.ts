import { type Image, lazily } from '../image.ts';
import { documentRoot, siteRoot } from './places.ts';

const indexPage = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>This page is served by a simulated nginx.</p>
</body>
</html>
`;

const nginx = lazily(async () => (await import('./nginx.ts')).nginx);
const entrypoint = lazily(async () => (await import('./nginx.ts')).entrypoint);

export const nginxImage = (port: number): Image => ({
  entrypoint: ['/docker-entrypoint.sh'],
  command: ['nginx', '-g', 'daemon off;'],
  stopSignal: 'SIGQUIT',
  programs: { '/docker-entrypoint.sh': entrypoint, '/usr/sbin/nginx': nginx, '/usr/sbin/nginx-debug': nginx },
  files: (tree) => {
    tree.write(`${siteRoot}/index.html`, indexPage);
    tree.write('/etc/nginx/nginx.conf', 'user  nginx;\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n');
    const location = `location / {\n        root   ${siteRoot};\n        index  index.html index.htm;\n    }`;
    const server = `server {\n    listen       ${port};\n    server_name  localhost;\n\n    ${location}\n}\n`;
    tree.write('/etc/nginx/conf.d/default.conf', server);
  },
});

const httpd = lazily(async () => (await import('./httpd.ts')).httpd);

export const httpdImage: Image = {
  command: ['httpd-foreground'],
  stopSignal: 'SIGWINCH',
  workingDir: '/usr/local/apache2',
  environment: {
    HTTPD_PREFIX: '/usr/local/apache2',
    PATH: '/usr/local/apache2/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  },
  programs: { '/usr/local/bin/httpd-foreground': httpd, '/usr/local/apache2/bin/httpd': httpd },
  files: (tree) => tree.write(`${documentRoot}/index.html`, '<html><body><h1>It works!</h1></body></html>\n'),
};
