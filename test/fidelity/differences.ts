/**
 * Which row of docs/differences.md, by its first cell, is about which differences. A pattern is tried on a line such as
 * `params/true steps.0.url: "…?a=True" -> "…?a=true"`.
 */
export const DIFFERENCES: readonly (readonly [row: string, difference: RegExp])[] = [
  // What breaks a script first
  ['a POST after 301, 302', /^redirects\/302-POST-(?:same|cross) .*outcome/],
  [
    'a write that is answered 304, or another status from 300 on that is no redirect',
    /^statuses\/sweep-post-300 /,
  ],
  ['the body of a response', /^verbs\/answer-text-json /],
  ['invalid JSON', /^verbs\/answer-(?:bad-json|json-nan|json-utf16.*|json-nul) .*"BadJSON"$/],
  ['`head()`', /^redirects\/307-HEAD-same /],
  ['a read that fails for a transient reason', /^statuses\/retries-default-(?:429|503) /],
  ['a 401', /^statuses\/(?:GET-401|401-user-bearer|retries-401) .*wire\.1/],
  ['errors of the transport', /outcome: "requests:(?:ConnectionError|ChunkedEncodingError)" -> "(?!js:)/],
  [
    'an internal error (`AttributeError`, `KeyError`, `TypeError` …)',
    /outcome: "(?:python|binascii):\w+" -> "(?!js:)/,
  ],

  // URLs
  [
    'which URLs get the token',
    /^url-join\/(?:folder|file|prefix-(?:upper-case|dots|spaces|unicode)):.* steps\.0\.authorization/,
  ],
  ['a prefix without a slash at its end', /^url-join\/file:(?:x|empty|https%3Ax|a%2F%2Fb) /],
  ['a prefix without a slash at its end', /^settings\/api-url-(?:path-)?no-slash /],
  ['a prefix without a slash at its end', /^auth-header\/prefix-no-slash-sibling /],
  ['`a//b`', /^url-join\/(?:root|no-slash|deep):a%2F%2Fb /],
  ['`/%2e%2e/x`', /^url-join\/.*%252e.* steps\.0\.url/i],
  ["`x?a='b'`", /^url-join\/root:x%3Fa%3D'b' /],
  [
    'the default port, as in `https://host:443/`',
    /^url-join\/(?:.*%3A443%2F.*|prefix-default-port:.*) steps\.0\.url/,
  ],
  ['`http:getComponent`, `https:///host`, `///host`', /^url-join\/root:(?:https%3A%2F%2F|%2F%2F%2Fx) /],
  ['`foo:bar`', /^url-join\/root:.*outcome: "requests:InvalidSchema" -> "InvalidInvocation"$/],
  ['a host or port that cannot be', /^url-join\/root:https%3A%2F%2F.+outcome: .* -> "InvalidInvocation"$/],
  ['`https://127.1/`, `https://0x7f.0.0.1/`', /^url-join\/root:https%3A%2F%2F(?:127\.1|0x7f\.0\.0\.1)%2Fx /],
  [
    'a prefix that is empty, is not http(s), or has credentials, a query or a fragment',
    /^(?:url-join\/prefix-|settings\/api-url-nonsense ).*outcome: .* -> "InvalidInvocation"$/,
  ],
  ['true and false in `params`', /^params\/(?:true|false|list-bools) /],
  ['`1e-07`, `1.0`, `-0.0` in a query or in JSON', /^params\/float-small /],
  ['`1e-07`, `1.0`, `-0.0` in a query or in JSON', /^json-body\/post-(?:float-1e-5|minus-zero) .*raw/],
  ['a list in a list, or an object, as a value in `params`', /^params\/(?:list-nested|object) /],

  // Users
  ['empty access codes', /^(?:users\/codes-empty|settings\/authenticate-no-codes) /],
  ['white space around access codes', /^users\/codes-spaces /],
  ['`NAME: value` in `.env`', /^settings\/dotenv-colon /],
  ['an empty environment variable', /^settings\/(?:api-url|authenticate-scope|authenticate-audience)-blank /],
  [
    'a grant that fails',
    /^(?:grants|save-auth|users)\/.*outcome: "ResponseException" -> "AuthenticationFailed"$/,
  ],
  ['a grant that fails', /^grants\/.*outcome: ".*" -> "(?:AuthenticationFailed|BadJSON)"$/],
  ['a grant that fails', /outcome: "jose:\w+" -> "InvalidIdToken"$/],
  ['a grant that fails', /^grants\/.* steps\.2\./],
  [
    'a token that does not verify',
    /^users\/.* steps\.2\.(?:hasAccessToken|bearer|isAuthenticated): (?:true|1) -> /,
  ],
  ['a `name` or `uuidentity` that is neither text nor null', /^users\/name-number /],
  ['`kid` of a token', /^users\/kid-unknown /],
  ['the key set', /^users\/(?:keys-rotate|prefix-other) /],
  [
    'keys for another use or algorithm, and a key set that is one key',
    /^users\/keys-(?:use-enc|alg-other|one-jwk) /,
  ],
  ['a key that cannot be used', /^users\/keys-(?:broken|ec)-first /],
  ['a number in a list of audiences', /^users\/aud-list-number /],
  ['`exp` exactly the leeway ago', /^users\/leeway-(?:default-)?exact /],
  ['`jwt_options`', /^users\/verify-off /],
  ['a failed renewal in `is_authenticated()`', /^users\/a-failed-renewal /],
  ['`repr(User)`', /^repr\/user-/],
  ['a bearer with white space in it', /^auth-header\/bearer-(?:spaces|newline) /],
  ['`UserBearer()` without a bearer', /^auth-header\/user-bearer-empty /],

  // save_auth
  ['format', /^save-auth\/.*hasCodes: true -> false$/],
  ['mode', /^save-auth\/.*mode: "644" -> "600"$/],
  ['read', /^save-auth\/read-again-state-before /],
  ['the saved token', /^save-auth\/(?:read-again|session|renewed-file|file-nulls) .*wire/],
  ['a file of another user or another identity service', /^save-auth\/other-prefix /],
  ['options beside a saved token', /^save-auth\/other-threshold /],
  ['a folder that does not exist', /^save-auth\/folder-missing /],

  // Sessions
  ['JSON on the wire', /^json-body\/.*(?:raw|content-length: "\d+" -> "\d+"$)/],
  ['JSON on the wire', /^messages\/(?:json-in-and-out|body-unicode) /],
  [
    'NaN, Infinity, bigint, typed arrays, `Map`, `Set`, `File` in a body',
    /^json-body\/post-(?:minus-infinity|bigint|bytes) /,
  ],
  ['a date in a body', /^json-body\/date /],
  ['a DELETE or OPTIONS without a body', /^json-body\/(?:DELETE|OPTIONS)-none /],
  ['`~` in a form', /^json-body\/form-specials /],
  ['a file of a form that has no type', /^json-body\/multipart-no-type /],
  ['characters in `auth` that are not ASCII', /^auth-header\/auth-tuple-latin1 /],
  [
    'credentials in a URL that is not under the prefix',
    /userinfo-elsewhere .*authorization|elsewhere-userinfo .*authorization/,
  ],
  ['`Accept-Encoding`', /accept-encoding: "gzip, deflate" -> /],
  ['an early response (103)', /^statuses\/informational-103 /],
  ['the log line of a response', /^logging\//],

  // Redirects
  [
    'the body after 301, 302, and of a GET after 303',
    /^redirects\/30[123]-\w+-same .*wire\.1\.(?:body|contentType)/,
  ],
  ['PUT, PATCH, DELETE after 302', /^redirects\/302-(?:PUT|DELETE)-same .*method/],
  ['to another origin', /^redirects\/(?:30\d-GET-cross|cross-own-header) /],
  ['a write to another origin after 307, 308', /^redirects\/308-POST-cross /],
  ['a write with `maxRedirects: 0` (`allow_redirects=False`)', /^redirects\/30\d-POST-not-followed /],
  ['within the host, but above the prefix', /^redirects\/above-prefix /],
  ['two 302 in a row', /^redirects\/chain-302 /],
  ['more than 30', /outcome: "requests:TooManyRedirects" -> "TooManyRedirects"$/],
  ['two `Location` fields', /^redirects\/two-locations /],
  ['a `Location` with credentials', /^redirects\/location-userinfo /],
  [
    'a `Location` that is not an http(s) URL, or names no host',
    /^redirects\/location-(?:ftp|mailto|no-host) /,
  ],
  ['cookies of another port of the same host', /^cookies\/from-other-port /],

  // The cache
  ['`Cache-Control`', /^caching\/(?:header-(?:no-store-upper-case|no-cache-max-age)|stale-.*) /],
  [
    'the other rules of HTTP caching',
    /^caching\/(?:header-age-old|status-201|method-HEAD|vary-other|request-if-none-match) /,
  ],
  ['a 304 for another `ETag`', /^caching\/304-/],
  ['`Last-Modified` without an `ETag`', /^caching\/header-last-modified /],
  ['a write', /^caching\/(?:between-PATCH|between-other-url-DELETE|expires-after-between-POST) /],
  ['`from_cache`', /^caching\/.*fromCache: null -> false$/],
  ['the directory', /^caching\/folder .*mode/],
  ['`expires_after` of zero or less', /^caching\/expires-after-bad-/],
  [
    '`expires_after` and responses without `Date`, or without a body',
    /^caching\/expires-after-(?:no-date|status-204) /,
  ],
  ['`expires_after` and an HTML page', /^caching\/expires-after-html /],
  ['requests with a token of yours in the URL or the body', /^caching\/secret-/],
  ['responses with a token or cookie in them', /^caching\/tokens-in-answer /],

  // Exceptions
  [
    'the start of a message',
    / steps\.\d\.exception\.message\.firstLine: nothing -> "(?:[A-Za-z]\w*|[A-Z]+ \/[^ ]*): .+ \(\d{3}\)"$/,
  ],
  ['`Redirect`, `SpecialError`', /^statuses\/.*415|outcomes\.415|^statuses\/302-not-followed-absolute /],
  [
    '400 with a body that is not JSON, or of a `UserBearer`',
    /^(?:statuses\/empty-400|messages\/400-).*-> "BadRequest"$/,
  ],
  ['401, 403 with a list, or a `uuAppErrorMap` that is a string or null', /^messages\/403-.*-> "Forbidden"$/],
  ['415 with a body that is not JSON', /^statuses\/empty-415 /],
  ['non-ASCII text in a message', /^messages\/\d+-json-(?:unicode|del) /],
  ['a JSON string as the whole body', /^messages\/400-json-text /],
  ['numbers such as `1.0` in a message', /^messages\/\d+-json-(?:float|big-int) /],
  ['whole numbers as names in JSON', /^messages\/\d+-json-integer-keys /],
  ['text without a charset', /^messages\/404-text-no-charset /],
  ['a byte order mark before JSON', /^messages\/\d+-json-bom /],
  ['`exc.response.json()["uuAppErrorMap"]`', /^messages\/404-map-string /],
  ['very long bodies', /^messages\/\d+-long-text /],
  ['a request body that is not text', /^messages\/body-bytes /],
  ['`Connection` in a message', /^messages\/default-headers .*connection/],
  ['cookies, API keys, tokens in bodies and URLs', /^messages\/(?:shown|hidden)-in-/],
  [
    'cookies, API keys, tokens in bodies and URLs',
    /userinfo-elsewhere steps\.0\.url|elsewhere-userinfo .*host/,
  ],
];
