/**
 * The functions of the slot allocator (`assembly/`) as the linked Lua binary exports them. Pages and regions are numbers,
 * slots and templates are addresses; where one is answered, 0 means that there is no room.
 */
export interface SlotExports {
  /** `lua_Alloc`, with the slot as its userdata. */
  slot_alloc(slot: number, block: number, from: number, to: number): number;
  slot_format(slot: number, pages: number, limit: number, pageLimit: number, clean: number): void;
  slot_clone(template: number, limit: number, pageLimit: number, seedLow: number, seedHigh: number): number;
  slot_drop(slot: number): void;
  slot_trim(slot: number): number;
  slot_scrub(slot: number): void;

  slot_compare(first: number, second: number, third: number, bytes: number, image: number): number;
  slot_template(
    first: number,
    second: number,
    third: number,
    bytes: number,
    distances: number,
    homePages: number,
    random: number,
  ): number;
  slot_template_pages(bytes: number, distances: number): number;

  slot_depart(slot: number): void;
  slot_arrive(slot: number, page: number, pages: number, previous: number): void;

  slot_allocate_pages(pages: number): number;
  slot_free_pages(page: number, pages: number): void;
  slot_are_free(page: number, pages: number): number;
  slot_reserve_pages(page: number, pages: number): void;
  slot_prefault(pages: number): number;
  slot_add_region(region: number): void;
  slot_remove_region(region: number): number;
}
