/** What stands in a route where the path has a value. It stands in no canonical path. */
const hole = '{}'

/**
 * A path without its values: what is no name by its form is taken for one. This is what the log tells of a path, and
 * what requests of one kind have in common. Names of people and things are names too, so a document that says where values
 * are (OpenAPI) is better.
 */
export function routeOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment === '' || name.test(segment) || version.test(segment) ? segment : hole))
    .join('/')
}

/** Words, as people name resources: `.well-known`, `openid-configuration`, `chat`, `getUser`, `models:list`. */
const name = /^(?=.{1,40}$)\.?[a-z]+(?:[-_.:][a-z]+)*$/i
const version = /^v\d{1,2}(?:\.\d{1,2})?(?:(?:alpha|beta)\d{0,2})?$/i
