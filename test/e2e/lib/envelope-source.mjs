/* What the document of the envelope dialect gives its readers to copy: its class, its React hook
 * and its samples stand in envelope-source/ letter by letter. Only the address they connect to
 * becomes that of a server of ours, when they are loaded. */
import { readFile } from 'node:fs/promises';

const folder = new URL('./envelope-source/', import.meta.url);

/* A text of the document. */
export const source = (name) => readFile(new URL(`${name}.js`, folder), 'utf8');

/* The same, connecting to `place.address`, which is read at each connection. */
export async function placed(name) {
    const text = await source(name);
    return text.replace(/(['`])ws:\/\/localhost:8080([^'`]*)\1/g, '`ws://${place.address}$2`');
}

/* Runs a text with these names in reach, and gives what one of its own stands for. Names that must
 * not be made before it runs come from a function. */
export async function load(name, names, wanted = 'undefined') {
    const text = await placed(name);
    const reach = typeof names === 'function' ? names() : names;
    return new Function(...Object.keys(reach), `${text}\nreturn ${wanted};`)(
        ...Object.values(reach));
}
