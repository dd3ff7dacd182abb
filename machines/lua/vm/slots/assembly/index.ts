// The slot allocator, as it is linked into the Lua binary: its functions are appended there and exported as `slot_...`.
// It has no globals, no data, no tables: all state is in memory, at the places of `memory_map.ts`.
export { alloc, drop, format } from './arena';
export { trim } from './chunks';
export { scrub } from './free_lists';
export { arrive, depart } from './moving';
export {
  addRegion as add_region,
  allocatePages as allocate_pages,
  areFree as are_free,
  freePages as free_pages,
  prefault,
  removeRegion as remove_region,
  reservePages as reserve_pages,
} from './page_heap';
export { clone, compare, template, templatePages as template_pages } from './template';
