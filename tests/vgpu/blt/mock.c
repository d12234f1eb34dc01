/*
 * SPDX-License-Identifier: MIT
 */

#include "mock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mock *
mock_create(void)
{
   struct mock *mock = calloc(1, sizeof(*mock));

   if (!mock)
      abort();
   mock->engine.name = "mock";
   mock->engine.id = VGPU_BCS;
   mock->engine.as = VGPU_AS_GGTT;
   for (uint32_t i = 0; i < MOCK_PAGES; i++)
      mock_map(mock, MOCK_BASE + i * 4096);
   return mock;
}

void
mock_destroy(struct mock *mock)
{
   for (uint32_t i = 0; i < MOCK_PAGES; i++)
      free(mock->pages[i]);
   free(mock);
}

void
mock_clear(struct mock *mock)
{
   memset(mock->written, 0, sizeof(mock->written));
   mock->fault = MOCK_NO_FAULT;
   mock->text[0] = 0;
}

void
mock_unmap(struct mock *mock, uint32_t address)
{
   free(mock->pages[(address - MOCK_BASE) / 4096]);
   mock->pages[(address - MOCK_BASE) / 4096] = NULL;
}

void
mock_map(struct mock *mock, uint32_t address)
{
   /* Not aligned to pages: the allocator keeps a red zone on either side. */
   mock->pages[(address - MOCK_BASE) / 4096] = calloc(1, 4096);
   if (!mock->pages[(address - MOCK_BASE) / 4096])
      abort();
}

uint8_t *
mock_byte(struct mock *mock, uint32_t address)
{
   return mock->pages[(address - MOCK_BASE) / 4096] + address % 4096;
}

static bool
record(struct vgpu_engine *engine, enum mock_fault fault, const char *format, va_list args)
{
   struct mock *mock = (struct mock *)engine;

   /* A command ends at its first fault. */
   if (mock->fault != MOCK_NO_FAULT)
      abort();
   mock->fault = fault;
   vsnprintf(mock->text, sizeof(mock->text), format, args);
   return false;
}

bool
vgpu_engine_fault(struct vgpu_engine *engine, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   record(engine, MOCK_FAULT, format, args);
   va_end(args);
   return false;
}

bool
vgpu_engine_unmodelled(struct vgpu_engine *engine, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   record(engine, MOCK_UNMODELLED, format, args);
   va_end(args);
   return false;
}

uint8_t *
vgpu_engine_map(struct vgpu_engine *engine, enum vgpu_as as, uint64_t address, bool write)
{
   struct mock *mock = (struct mock *)engine;
   uint64_t page = (address - MOCK_BASE) / 4096;

   if (mock->wrap && address < 0xf0000000) {
      page %= MOCK_PAGES;
      address = MOCK_BASE + page * 4096 + address % 4096;
   }
   if (as != VGPU_AS_GGTT || address < MOCK_BASE || page >= MOCK_PAGES || !mock->pages[page] ||
       (write && mock->read_only[page])) {
      if (mock->fault != MOCK_NO_FAULT)
         abort();
      mock->fault = MOCK_UNMAPPED;
      snprintf(mock->text, sizeof(mock->text), "0x%08llx", (unsigned long long)address);
      return NULL;
   }
   if (write)
      mock->written[page] = true;
   return mock->pages[page] + address % 4096;
}
