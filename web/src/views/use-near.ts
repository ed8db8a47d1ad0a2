// SPDX-License-Identifier: MIT
// Whether an element has come close to the screen: what it shows is asked for then.

import { useEffect, useState } from "preact/hooks";

/* Asked for a little before it is seen. */
const MARGIN = "250px";

/** To be given to the element, and whether it was ever near. */
export function useNear<T extends Element>(): [(element: T | null) => void, boolean] {
  const [near, setNear] = useState(false);
  const [element, setElement] = useState<T | null>(null);
  useEffect(() => {
    if (!element || near) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) setNear(true);
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [element, near]);
  return [setElement, near];
}
