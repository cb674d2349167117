/** Where nginx has its files. */
export const siteRoot = '/usr/share/nginx/html';

/** Where Apache has its files. */
export const documentRoot = '/usr/local/apache2/htdocs';
