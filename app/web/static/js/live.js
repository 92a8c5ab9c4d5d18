// Keeps an open page true. The protocol of blocks stands in app/web/render.py.
//
// Stream: GET /live, text/event-stream. `event: account` `data: <id>` says that an account changed; any word may
// stand for `account`. `event: refetch`: something may have been missed, read everything again. `event: bye`: this
// server ends the stream (it stops, or the session ended); come again.
//
// One stream for all tabs of a browser, because HTTP/1.1 allows six connections a host: the visible tabs compete for
// a Web Lock; its holder reads the stream and passes every message on by BroadcastChannel. A hidden tab lets go of
// both; shown again, it catches up. Each opening of a stream has an id: a tab that sees a new one reads everything
// again, since nobody listened between the old one and the new one.
//
// Regions: <section id="kpis" data-live="account:ID run">. A burst of announcements becomes one request for all the
// regions it touches (header X-Blocks); the first after a quiet while goes at once, later ones wait.
(() => {
  const { content: address, dataset: { key } = {} } = document.querySelector('meta[name=live]') ?? {};
  if (!address) return;
  const name = `live:${key}`;
  const QUIET = 150, JITTER = 100, SILENCE = 60_000;

  // --- what the bar says
  function show(state) {
    for (const el of document.querySelectorAll('.live')) el.dataset.state = state;
  }

  // --- which regions an announcement touches, and fetching them
  const touched = new Set();
  let timer = 0, busy = false, free = 0;

  function announce(topic) {
    const word = topic.split(':', 1)[0];
    for (const region of document.querySelectorAll('[data-live]')) {
      const topics = region.dataset.live.split(/\s+/);
      if (topic === '*' || topics.includes('*') || topics.includes(topic) || topics.includes(word)) touched.add(region.id);
    }
    plan();
  }

  function plan(pause = 0) {
    if (timer || busy || !touched.size) return;
    const wait = Math.max(pause, free - performance.now());
    timer = setTimeout(refetch, wait > 0 ? wait + Math.random() * JITTER : 0);
  }

  async function refetch() {
    timer = 0;
    busy = true;
    const ids = [...touched], url = location.href, began = performance.now();
    touched.clear();
    let pause = 0;
    try {
      const answer = await fetch(url, { headers: { 'HX-Request': 'true', 'X-Blocks': ids.join(',') }, cache: 'no-store' });
      // an account that turned out to be another one has moved; any other way leads to signing in
      if (answer.redirected && !answer.url.includes('/login')) return location.replace(answer.url);
      if (answer.redirected || answer.status === 401) show('ended');
      else if (answer.ok) {
        const html = await answer.text();
        if (url === location.href) put(html, answer.headers.get('X-Now'));
        else ids.forEach(id => touched.add(id));
      } else if (answer.status >= 500 || answer.status === 429) throw new Error(`${answer.status}`);
    } catch {
      ids.forEach(id => touched.add(id));
      pause = 3000;
    }
    busy = false;
    free = performance.now() + Math.max(QUIET, 2 * (performance.now() - began));
    plan(pause);
  }

  function put(html, now) {
    const holder = document.createElement('template');
    holder.innerHTML = html;
    window.morphingLive = true;
    for (const fresh of [...holder.content.children]) {
      const old = fresh.id && document.getElementById(fresh.id);
      if (!old) continue;
      Idiomorph.morph(old, fresh, { morphStyle: 'outerHTML' });
      const region = document.getElementById(fresh.id);
      htmx.process(region);
      region.dispatchEvent(new CustomEvent('live:morph', { bubbles: true }));
    }
    window.morphingLive = false;
    document.dispatchEvent(new CustomEvent('live:now', { detail: now }));
  }

  // --- what every tab hears
  let channel = null, leaving = null, stream = null;

  function hear({ data: message }) {
    if (message.ask) return leading?.();
    if (message.state) {
      show(message.state);
      if (message.state === 'live' && message.stream !== stream) {
        stream = message.stream;
        announce('*');
      }
    }
    if (message.topic) announce(message.topic);
  }

  function tell(message) {
    channel?.postMessage(message);
    hear({ data: message });
  }

  // --- what the leading tab does
  let leading = null; // says the state to a tab that asks

  async function lead(signal) {
    let state = { state: 'connecting' }, delay = 500;
    const say = next => tell((state = next));
    leading = () => channel?.postMessage(state);
    while (!signal.aborted) {
      const quiet = new AbortController();
      const either = AbortSignal.any([signal, quiet.signal]);
      let silence = setTimeout(() => quiet.abort(), SILENCE);
      try {
        const answer = await fetch(address, { headers: { Accept: 'text/event-stream' }, cache: 'no-store', signal: either });
        if (answer.redirected || answer.status === 401 || answer.status === 403) {
          say({ state: 'ended' });
          break;
        }
        if (!answer.ok) throw new Error(`${answer.status}`);
        say({ state: 'live', stream: Math.random() });
        for await (const [event, data] of messages(answer.body)) {
          clearTimeout(silence);
          silence = setTimeout(() => quiet.abort(), SILENCE);
          delay = 500;
          if (event === 'bye') break;
          if (event === 'refetch') tell({ topic: '*' });
          else if (event) tell({ topic: data ? `${event}:${data}` : event });
        }
      } catch {
        // lost, refused or silent for too long: said below, tried again
      }
      clearTimeout(silence);
      quiet.abort();
      if (signal.aborted) break;
      say({ state: 'waiting' });
      await new Promise(done => {
        setTimeout(done, delay * (0.5 + Math.random()));
        signal.addEventListener('abort', done, { once: true });
      });
      delay = Math.min(delay * 2, 15_000);
    }
    if (!signal.aborted) await new Promise(done => signal.addEventListener('abort', done, { once: true }));
    leading = null;
  }

  // Each message as [event, data]; a comment (a sign of life) as ["", ""].
  async function* messages(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += value.replaceAll('\r', '');
      for (let end; (end = rest.indexOf('\n\n')) >= 0; rest = rest.slice(end + 2)) {
        const lines = rest.slice(0, end).split('\n');
        const field = key => lines.find(line => line.startsWith(`${key}:`))?.slice(key.length + 1).trim() ?? '';
        yield [field('event'), field('data')];
      }
    }
  }

  // --- in and out
  function join() {
    if (channel || document.visibilityState !== 'visible') return;
    channel = new BroadcastChannel(name);
    channel.onmessage = hear;
    leaving = new AbortController();
    const { signal } = leaving;
    // plain HTTP from another machine has no locks: there every visible tab reads a stream of its own
    if (!navigator.locks) return void lead(signal);
    navigator.locks.request(name, { signal }, () => lead(signal)).catch(() => {}); // aborted: the tab was hidden
    channel.postMessage({ ask: true });
  }
  function leave() {
    leaving?.abort();
    channel?.close();
    channel = leaving = stream = null;
  }
  document.addEventListener('visibilitychange', () => (document.visibilityState === 'visible' ? join() : leave()));
  addEventListener('pagehide', leave);
  addEventListener('pageshow', join);
  join();
})();
