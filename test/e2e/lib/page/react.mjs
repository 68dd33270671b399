/* React under the name it is imported by, from the build that is one script. */
export const { useEffect, useRef, useState } = globalThis.React;
