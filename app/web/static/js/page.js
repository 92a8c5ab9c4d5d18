// What every page needs: an address that can be got again, morphs that leave the reader's state alone, times that go on,
// copying, failures said in words.
(() => {
  // The answer to a form stands at the form's address (/creators/bulk): reloading and live.js ask for the page's own.
  const own = new URL(document.querySelector('meta[name=page]').content, location.origin);
  // Replaced even where they are one: a reload is then a GET, and makes no second key or invitation.
  history.replaceState(history.state, '', own.pathname === location.pathname ? location.href : own);

  // Morphs (live.js, and hx-swap="morph") keep what the reader opened or typed, and the charts that are drawn.
  const dirty = field =>
    field.matches('select')
      ? [...field.options].some(option => option.selected !== option.defaultSelected)
      : field.matches('[type=checkbox], [type=radio]')
        ? field.checked !== field.defaultChecked
        : field.value !== field.defaultValue;

  Object.assign(Idiomorph.defaults.callbacks, {
    beforeNodeMorphed(old, fresh) {
      if (old.nodeType !== Node.ELEMENT_NODE) return true;
      if (old.classList.contains('plot')) {
        for (const { name, value } of fresh.attributes ?? []) old.setAttribute(name, value);
        return false; // charts.js fills it from the table
      }
      return !(window.morphingLive && old.matches('input, textarea, select') && (old === document.activeElement || dirty(old)));
    },
    beforeAttributeUpdated(name, node) {
      return !(name === 'open' && node.matches('details, dialog'));
    },
    beforeNodeRemoved(node) {
      return !(node.nodeType === Node.ELEMENT_NODE && node.matches('.tip, .unzoom'));
    },
    afterNodeAdded(node) {
      if (window.morphingLive && node.nodeType === Node.ELEMENT_NODE && node.closest('[data-arrivals]')) node.classList.add('new');
    },
  });

  // "3 minutes ago" goes on. The world's clock may differ from this machine's: every answer tells it.
  let ahead = 0;
  const lang = document.documentElement.lang;
  const words = new Intl.RelativeTimeFormat(lang);
  const units = [['year', 31536000], ['month', 2592000], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60]];
  function setNow(iso) {
    if (iso) ahead = Date.parse(iso) - Date.now();
  }
  function tick() {
    for (const el of document.querySelectorAll('time[data-relative]')) {
      const seconds = (Date.parse(el.dateTime) - Date.now() - ahead) / 1000;
      const unit = units.find(([, size]) => Math.abs(seconds) >= size * 1.1) ?? (Math.abs(seconds) >= 45 ? units.at(-1) : null);
      const text = unit ? words.format(Math.round(seconds / unit[1]), unit[0]) : el.dataset.relative;
      if (el.textContent !== text) el.textContent = text;
    }
  }
  setNow(document.querySelector('meta[name=now]')?.content);
  setInterval(tick, 15000);
  document.addEventListener('live:now', event => { setNow(event.detail); tick(); });

  // A new workspace's days are proposed as the browser counts them; the reader may choose another zone.
  const zones = document.querySelector('select[data-zone]');
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zones && [...zones.options].some(option => option.value === zone)) zones.value = zone;

  document.addEventListener('click', event => {
    const button = event.target.closest?.('[data-copy]');
    if (button) navigator.clipboard.writeText(button.dataset.copy).then(() => say(button.dataset.copied, 'ok'));
  });

  // A request that failed is said, once, where notices stand.
  function say(text, kind) {
    const list = document.getElementById('flashes');
    if (!list || !text) return;
    const note = Object.assign(document.createElement('div'), { className: `flash ${kind}` });
    note.append(Object.assign(document.createElement('p'), { textContent: text }));
    list.replaceChildren(note);
  }
  const { dataset } = document.body;
  document.addEventListener('htmx:responseError', event => {
    const { status } = event.detail.xhr;
    if (status === 401) location.reload();
    else say(status === 429 ? dataset.sayBusy : dataset.sayFailed, 'bad');
  });
  document.addEventListener('htmx:sendError', () => say(dataset.sayOffline, 'bad'));
})();
