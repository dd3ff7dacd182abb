/** What takes about 500 bytes as JSON. */
export function order(id: number) {
  return {
    id,
    user: {
      name: 'alice',
      mail: 'alice@example.org',
      roles: ['admin', 'editor', 'viewer'],
      address: { street: 'Main street 1', city: 'Springfield', zip: '12345', geo: { lat: 12.5, lon: 44.25 } },
    },
    items: [
      { sku: 'A-100', count: 2, price: 9.99, tags: ['x', 'y'] },
      { sku: 'B-200', count: 1, price: 19.5, tags: ['z'] },
      { sku: 'C-300', count: 7, price: 1.25, tags: [] },
    ],
    meta: { created: 1700000000, source: 'web', flags: { a: true, b: false }, note: 'handle with care please' },
  };
}
