/*
 * SPDX-License-Identifier: MIT
 *
 * Prints what the device supports as the Markdown tables of docs/vgpu.md, from the tables that it
 * works by.
 */

#include <stdio.h>
#include <string.h>

#include "eu/eu.h"
#include "gfx7_table.h"
#include "messages.h"
#include "vgpu_blt.h"
#include "vgpu_cs.h"
#include "vgpu_priv.h"

static const char *
state_name(enum vgpu_cmd_state state)
{
   switch (state) {
   case VGPU_CMD_STATE_DONE:
      return "done";
   case VGPU_CMD_STATE_RECORDED:
      return "recorded";
   case VGPU_CMD_STATE_IGNORED:
      return "ignored";
   case VGPU_CMD_STATE_FAULTS:
      return "faults";
   }
   return "?";
}

static const char *
engine_names(unsigned engines, char *text, size_t size)
{
   snprintf(text, size, "%s%s%s", engines & VGPU_REG_RCS ? " RCS" : "",
            engines & VGPU_REG_VCS ? " VCS" : "", engines & VGPU_REG_BCS ? " BCS" : "");
   return text + 1;
}

static const struct vgpu_command *
find(const struct vgpu_command *commands, const char *name)
{
   for (const struct vgpu_command *c = commands; c->name; c++) {
      if (!strcmp(c->name, name))
         return c;
   }
   return NULL;
}

/** Every command that the genxml has of a type (bits 31:29), in the order of the opcodes. */
static void
print_commands(const char *title, unsigned type, unsigned engine,
               const struct vgpu_command *commands, const char *no_unit)
{
   char text[32];

   printf("### %s\n\n| command | header | engines | state | note |\n| --- | --- | --- | --- | --- |\n",
          title);
   for (uint64_t next = 0; next <= UINT32_MAX;) {
      const struct gfx7_instruction *in = NULL;
      for (unsigned i = 0; i < gfx7_num_instructions; i++) {
         const struct gfx7_instruction *c = &gfx7_instructions[i];
         if (c->header >> 29 == type && c->engines & engine && c->header >= next &&
             (!in || c->header < in->header))
            in = c;
      }
      if (!in)
         break;
      next = (uint64_t)in->header + 1;

      const struct vgpu_command *c = commands ? find(commands, in->name) : NULL;
      printf("| %s | 0x%08x | %s | %s | %s |\n", in->name, in->header,
             engine_names(c ? c->engines : in->engines, text, sizeof(text)),
             c ? state_name(c->state) : "faults",
             c ? (c->note ? c->note : c->privileged ? "privileged" : "") : no_unit);
   }
   printf("\n");
}

static void
print_blitter(void)
{
   printf("### Blitter\n\n| command | opcode | state | note |\n| --- | --- | --- | --- |\n");
   for (const struct vgpu_blt_command *c = vgpu_blt_commands; c->name; c++)
      printf("| %s | 0x%02x | %s | %s |\n", c->name, c->opcode, c->state,
             c->note ? c->note : "");
   printf("\n");
}

static void
print_execution_unit(void)
{
   size_t count;
   const struct eu_matrix_entry *entries = eu_matrix(&count);

   printf("### Execution unit\n\n| opcode | number | state | note |\n| --- | --- | --- | --- |\n");
   for (size_t i = 0; i < count; i++)
      printf("| %s | 0x%02x | %s | %s |\n", entries[i].name, entries[i].opcode,
             entries[i].support == EU_SUPPORT_DONE ? "done" : "faults",
             entries[i].note ? entries[i].note : "");
   printf("\n");
}

static void
print_messages(void)
{
   size_t count;
   const struct vgpu_message *m = vgpu_messages(&count);

   printf("### Messages\n\n| shared function | message | type | state | note |\n"
          "| --- | --- | --- | --- | --- |\n");
   for (size_t i = 0; i < count; i++, m++) {
      printf("| %s | %s | ", eu_sfid_name(m->sfid), m->name);
      if (m->field == VGPU_MESSAGE_MODE)
         printf("-");
      else
         printf("%s%u", m->field == VGPU_MESSAGE_RT_TYPE ? "12, " : "", m->type);
      printf(" | %s | %s |\n", m->done ? "done" : "faults", m->note ? m->note : "");
   }
   printf("\n");
}

static void
print_registers(void)
{
   static const char *const kinds[] = {
      [VGPU_REG_STORE] = "read/write", [VGPU_REG_CONST] = "read only",
      [VGPU_REG_MASKED] = "masked",    [VGPU_REG_W1C] = "write 1 to clear",
      [VGPU_REG_IGNORED] = "ignored",
   };
   char text[32];

   for (const struct vgpu_reg_block *const *b = vgpu_reg_blocks; *b; b++) {
      printf("### %s\n\n| register | offset | access | note |\n| --- | --- | --- | --- |\n",
             (*b)->name);
      for (unsigned i = 0; i < (*b)->num_regs; i++) {
         const struct vgpu_reg *r = &(*b)->regs[i];
         printf("| %s", r->name);
         if (r->count > 1)
            printf("[%u]", r->count);
         if (r->engines)
            printf(" | base + 0x%03x (%s)", r->offset,
                   engine_names(r->engines, text, sizeof(text)));
         else
            printf(" | 0x%06x", r->offset);
         printf(" | %s | %s |\n", kinds[r->kind], r->note ? r->note : "");
      }
      printf("\n");
   }
}

int
main(void)
{
   print_commands("Memory interface", 0, ~0u, vgpu_mi_commands, "unknown to the device");
   print_commands("Render", 3, GFX7_ENGINE_RENDER, vgpu_render_commands, "unknown to the device");
   print_blitter();
   print_commands("Video", 3, GFX7_ENGINE_VIDEO, NULL, "no video unit");
   print_execution_unit();
   print_messages();
   print_registers();
   return 0;
}
